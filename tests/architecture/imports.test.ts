import path from 'node:path';

import { importRings, readSources, wrongImports } from './imports';

const ROOT = path.resolve(__dirname, '../..');

const complaints = (file: string, text: string): number => wrongImports([{ file, text }]).length;

describe('imports', () => {
  it('point one way in every source file', () => {
    const sources = readSources(ROOT);

    expect(sources.length).toBeGreaterThan(20);
    expect(wrongImports(sources)).toEqual([]);
  });

  it('never form a ring', () => {
    expect(importRings(readSources(ROOT))).toEqual([]);
  });
});

describe('the check of the imports', () => {
  it.each([
    ['core to Strapi', 'server/src/core/media/x.ts', `import type { Core } from '@strapi/strapi';`],
    ['core to knex', 'server/src/core/ledger/x.ts', `import type { Knex } from 'knex';`],
    ['core to an adapter', 'server/src/core/media/x.ts', `import { a } from '../../adapters/a';`],
    ['core to an adapter, by require', 'server/src/core/media/x.ts', `const a = require('../../adapters/a');`],
    ['core to an adapter, lazily', 'server/src/core/media/x.ts', `const a = import('../../adapters');`],
    ['core to an adapter, in a type', 'server/src/core/media/x.ts', `type A = import('../../adapters/a').A;`],
    ['core to an adapter, re-exported', 'server/src/core/media/x.ts', `export * from '../../adapters/a';`],
    ['core to the manifest', 'server/src/core/media/x.ts', `import m from '../../../../strapi-plugin.json';`],
    ['core to the environment', 'server/src/core/settings/x.ts', `const a = process.env['A'];`],
    ['core to the console', 'server/src/core/jobs/x.ts', `console.log('a');`],
    ['core to the clock', 'server/src/core/jobs/x.ts', `const now = Date.now();`],
    ['core to randomness', 'server/src/core/store/resilience/x.ts', `const r = Math.random();`],
    ['a duration on the calendar, in a store', 'server/src/core/store/x.ts', `const since = this.clock.now();`],
    ['a duration on the calendar, in the breaker’s folder', 'server/src/core/store/resilience/x.ts', `const since = clock.now;`],
    ['a duration on the calendar, in the connection test', 'server/src/core/buckets/probe/x.ts', `const since = deps.clock.now();`],
    ['the AWS SDK outside its folder', 'server/src/core/buckets/probe/x.ts', `import { S3Client } from '@aws-sdk/client-s3';`],
    ['the AWS SDK in an adapter', 'server/src/adapters/x.ts', `import { S3Client } from '@aws-sdk/client-s3';`],
    ['an adapter to http', 'server/src/adapters/x.ts', `import { a } from '../http/a';`],
    ['http to an adapter', 'server/src/http/x.ts', `import { a } from '../adapters/a';`],
    ['http to the engine', 'server/src/http/x.ts', `import { a } from '../engine';`],
    ['the command line to the engine', 'server/src/cli/x.ts', `import { a } from '../engine';`],
    ['the command line to the clock', 'server/src/cli/x.ts', `const now = Date.now();`],
    ['the engine to an entry point', 'server/src/engine/engine.ts', `import { register } from '../plugin/register';`],
    ['the ledger to a job', 'server/src/core/ledger/x.ts', `import { a } from '../jobs/upload/job';`],
    ['the store to the settings, in a type', 'server/src/core/store/s3/x.ts', `type A = import('../../settings/types').A;`],
    ['the ground to a room', 'server/src/core/x.ts', `import { a } from './media/a';`],
    ['one part of the store to another', 'server/src/core/store/local/x.ts', `import { a } from '../s3/a';`],
    ['production to the memory implementations', 'server/src/core/admin/x.ts', `import { a } from '../memory/ledger';`],
    ['a room that nobody has named to the ground', 'server/src/core/attic/x.ts', `import { a } from '../keys';`],
    ['core to a timer', 'server/src/core/jobs/x.ts', `setTimeout(() => undefined, 1);`],
    ['contracts to core', 'server/src/contracts/x.ts', `import { a } from '../core/a';`],
    ['contracts to a package', 'server/src/contracts/x.ts', `import { a } from 'koa';`],
    ['the admin panel to core', 'admin/src/x.tsx', `import { a } from '../../server/src/core/a';`],
    ['a migration to core', 'migrations/x.ts', `import { a } from '../server/src/core/a';`],
  ])('catches %s', (_what, file, text) => {
    expect(complaints(file, text)).toBe(1);
  });

  it('finds rings, also where an import is of types only', () => {
    const rings = importRings([
      { file: 'server/src/core/a.ts', text: `import { b } from './b';` },
      { file: 'server/src/core/b.ts', text: `export * from './c';` },
      { file: 'server/src/core/c.ts', text: `import type { a } from './a'; import { d } from './d';` },
      { file: 'server/src/core/d.ts', text: '' },
    ]);

    expect(rings).toEqual([['server/src/core/a.ts', 'server/src/core/b.ts', 'server/src/core/c.ts']]);
  });

  it.each([
    ['a job to the ledger', 'server/src/core/jobs/upload/x.ts', `import { a } from '../../ledger/a';`],
    ['core to contracts', 'server/src/core/media/x.ts', `import { a } from '../../contracts/a';`],
    ['core within itself', 'server/src/core/media/x.ts', `import { a } from '../store/local';`],
    ['the AWS SDK in its folder', 'server/src/core/store/s3/x.ts', `import { S3Client } from '@aws-sdk/client-s3';`],
    ['calendar time in a job', 'server/src/core/jobs/x.ts', `const since = this.clock.now();`],
    ['elapsed time in a store', 'server/src/core/store/x.ts', `const since = this.clock.elapsed();`],
    ['http to core', 'server/src/http/x.ts', `import { a } from '../core/media/a';`],
    ['the engine to everything', 'server/src/engine/engine.ts', `import { a } from '../core/a'; import { b } from '../adapters/b'; import { c } from '../http/c';`],
    ['an entry point to the engine', 'server/src/plugin/register.ts', `import { a } from '../engine/engine';`],
    ['the admin panel to contracts', 'admin/src/pages/x.tsx', `import { a } from '../../../server/src/contracts/a';`],
    ['a migration to knex', 'migrations/x.ts', `import type { Knex } from 'knex';`],
    ['the console in a comment', 'server/src/core/x.ts', `// console.log`],
  ])('allows %s', (_what, file, text) => {
    expect(complaints(file, text)).toBe(0);
  });
});
