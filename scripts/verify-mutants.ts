/**
 * npm run verify:mutants -- [--ledger | --owner] [--runs N] [--seed S] [--only WORDS] [--write]
 *
 * Builds the storage engine once for each guard of tests/simulation/mutants.ts, without that guard, and searches for a history
 * that breaks a promise. Exits with 1 if there is a guard whose absence nothing notices, or a mutant that is broken: one whose
 * histories cannot be played proves nothing. `--seed` is for all of them, also for those that have a seed of their own.
 * `--write` writes docs/guards.md. `--ledger` takes the guards of the SQL ledger
 * instead, and `--owner` those of the bucket's owner and of former buckets, see scripts/suite-mutants.ts.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { transformSync } from '@swc/core';

import { guardFiles, withoutGuard } from '../tests/simulation/guard-markers';
import { guardedSources, guardsTable } from '../tests/simulation/guards-table';
import { MUTANTS, type Mutant } from '../tests/simulation/mutants';
import { verdictOf, type Verdict } from '../tests/simulation/verdict';
import { runCommand, wholeNumber } from './command';
import { takeGuardsOf } from './suite-mutants';

const ROOT = path.resolve(__dirname, '..');
/** Inside the project, so that its packages are found. */
const BUILDS = path.join(ROOT, 'artifacts/mutants');
const SOURCES = ['server/src/core', 'server/src/contracts', 'tests/simulation', 'tests/support'];

const DEFAULT_SEED = 1;

function compile(source: string, file: string): string {
  return transformSync(source, {
    filename: file,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  }).code;
}

/** The engine and the histories as plain JavaScript. */
function buildAll(folder: string): void {
  // the presets of providers are read from it
  cpSync(path.join(ROOT, 'strapi-plugin.json'), path.join(folder, 'strapi-plugin.json'));
  for (const source of SOURCES) {
    for (const entry of readdirSync(path.join(ROOT, source), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
      const from = path.join(entry.parentPath, entry.name);
      const to = path.join(folder, path.relative(ROOT, from)).replace(/\.ts$/, '.js');
      mkdirSync(path.dirname(to), { recursive: true });
      writeFileSync(to, compile(readFileSync(from, 'utf8'), from));
    }
  }
}

/** Compiles the one file that has the guard without it. @throws Error when the mutant does not fit the source */
function takeGuard(folder: string, file: string, { marker, change }: Mutant): void {
  const source = readFileSync(path.join(ROOT, file), 'utf8');
  writeFileSync(path.join(folder, file.replace(/\.ts$/, '.js')), compile(withoutGuard(source, marker, change), file));
}

function hunt(folder: string, runs: number, seed: number): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(folder, 'tests/simulation/hunt.js'), String(runs), String(seed)], { cwd: ROOT });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('close', (code) => resolve(verdictOf({ code, output, errors })));
    child.once('error', reject);
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { runs: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' }, write: { type: 'boolean' }, ledger: { type: 'boolean' }, owner: { type: 'boolean' } },
  });
  if (values.ledger || values.owner) return takeGuardsOf(values.ledger ? 'ledger' : 'owner', values.only);
  const runs = wholeNumber('runs', values.runs, 40_000);
  const seed = values.seed === undefined ? undefined : wholeNumber('seed', values.seed, DEFAULT_SEED);
  const wanted = MUTANTS.filter(({ guard }) => guard.toLowerCase().includes((values.only ?? '').toLowerCase()));
  const files = guardFiles(guardedSources());
  const began = performance.now();
  rmSync(BUILDS, { recursive: true, force: true });
  const base = path.join(BUILDS, 'base');
  buildAll(base);
  const verdicts: Verdict['kind'][] = [];
  const queue = [...wanted.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, mutant] = next;
      const folder = path.join(BUILDS, String(index));
      cpSync(base, folder, { recursive: true });
      const file = files.get(mutant.marker);
      if (file === undefined) throw new Error(`the guard "${mutant.marker}" is not marked in server/src`);
      takeGuard(folder, file, mutant);
      const huntBegan = performance.now();
      const ownSeed = seed ?? mutant.seed ?? DEFAULT_SEED;
      const verdict = await hunt(folder, runs, ownSeed);
      rmSync(folder, { recursive: true });
      verdicts.push(verdict.kind);
      console.log(`${verdict.kind.padEnd(11)} ${mutant.guard}`);
      const searched = verdict.kind === 'BROKEN' ? '' : ` (${verdict.played} histories of seed ${ownSeed}, ${secondsSince(huntBegan)} s)`;
      console.log(`            ${told(mutant, verdict)}${searched}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  rmSync(BUILDS, { recursive: true, force: true });
  const count = (kind: Verdict['kind']) => verdicts.filter((verdict) => verdict === kind).length;
  console.log(`\n${verdicts.length} guards taken away one by one in ${secondsSince(began)} s: ${count('noticed')} noticed, ${count('NOT NOTICED')} not, ${count('BROKEN')} broken mutants`);
  if (values.write) writeFileSync(path.join(ROOT, 'docs/guards.md'), guardsTable());
  return count('noticed') === verdicts.length ? 0 : 1;
}

function told({ marker }: Mutant, verdict: Verdict): string {
  switch (verdict.kind) {
    case 'noticed':
      return verdict.violation;
    case 'NOT NOTICED':
      return 'nothing was broken';
    case 'BROKEN':
      return `the mutant "${marker}" is in error, as its histories cannot be played: ${verdict.error}`;
  }
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}

runCommand(main);
