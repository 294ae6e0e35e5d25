/**
 * npm run verify:mutants -- [--runs N] [--seed S] [--only WORDS] [--write]
 *
 * Builds the storage engine once for each guard of tests/simulation/mutants.ts, without that guard, and searches for a history
 * that breaks a promise. Exits with 1 if there is a guard whose absence nothing notices. `--write` writes docs/guards.md.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { transformSync } from '@swc/core';

import { MUTANTS, type Mutant } from '../tests/simulation/mutants';
import { guardsTable } from '../tests/simulation/guards-table';
import { runCommand, wholeNumber } from './command';

const ROOT = path.resolve(__dirname, '..');
/** Inside the project, so that its packages are found. */
const BUILDS = path.join(ROOT, 'node_modules/.cache/s3-storage/mutants');
const SOURCES = ['server/src/core', 'server/src/contracts', 'tests/simulation', 'tests/support'];

/** Shown without any of its guards. */
export interface Hunted {
  readonly mutant: Mutant;
  readonly violation: string | null;
  readonly played: number;
}

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

/** @throws Error when the source does not have the guard, or has it twice */
function withoutGuard({ file, find, replace, guard }: Mutant): string {
  const source = readFileSync(path.join(ROOT, 'server/src/core', file), 'utf8');
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`"${guard}": its text occurs ${parts.length - 1} times in ${file}`);
  return compile(parts.join(replace), file);
}

function hunt(folder: string, runs: number, seed: number): Promise<{ played: number; violation: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(folder, 'tests/simulation/hunt.js'), String(runs), String(seed)], { cwd: ROOT });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as { played: number; violation: string | null });
      // a build so broken that the histories cannot even be played is noticed, too
      else resolve({ played: 0, violation: errors.split('\n').find((line) => /Error/.test(line)) ?? `exit ${code}` });
    });
    child.once('error', reject);
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { runs: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' }, write: { type: 'boolean' } },
  });
  const runs = wholeNumber('runs', values.runs, 40_000);
  const seed = wholeNumber('seed', values.seed, 1);
  const wanted = MUTANTS.filter(({ guard }) => guard.toLowerCase().includes((values.only ?? '').toLowerCase()));
  rmSync(BUILDS, { recursive: true, force: true });
  const base = path.join(BUILDS, 'base');
  buildAll(base);
  const results: Hunted[] = [];
  const queue = [...wanted.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, mutant] = next;
      const folder = path.join(BUILDS, String(index));
      cpSync(base, folder, { recursive: true });
      writeFileSync(path.join(folder, 'server/src/core', mutant.file.replace(/\.ts$/, '.js')), withoutGuard(mutant));
      const began = performance.now();
      const { played, violation } = await hunt(folder, runs, seed);
      rmSync(folder, { recursive: true });
      results.push({ mutant, violation, played });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${violation === null ? 'NOT NOTICED' : 'noticed    '} ${mutant.guard}`);
      console.log(`            ${violation ?? 'nothing was broken'} (history ${played}, ${seconds} s)`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  rmSync(BUILDS, { recursive: true, force: true });
  const survivors = results.filter(({ violation }) => violation === null);
  console.log(`\n${results.length} guards taken away one by one, ${results.length - survivors.length} noticed; seed ${seed}`);
  if (values.write) writeFileSync(path.join(ROOT, 'docs/guards.md'), guardsTable());
  return survivors.length === 0 ? 0 : 1;
}

runCommand(main);
