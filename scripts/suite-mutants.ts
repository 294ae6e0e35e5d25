/**
 * Takes guards away one by one, and runs a suite of Jest without each: those of tests/simulation/ledger-mutants.ts with the contract of the
 * ledger on SQLite, and those of tests/simulation/owner-mutants.ts with the unit tests of the owner and of former buckets. The suite has to fail by an
 * expectation: a crash shows that the mutant is broken, and not what its guard is for.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';

import { guardFiles, withoutGuard } from '../tests/simulation/guard-markers';
import { guardedSources } from '../tests/simulation/guards-table';
import { LEDGER_MUTANTS, type LedgerMutant } from '../tests/simulation/ledger-mutants';
import { OWNER_MUTANTS, OWNER_TESTS } from '../tests/simulation/owner-mutants';

const ROOT = path.resolve(__dirname, '..');
const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js');
const CONFIG = path.join(ROOT, 'tests/support/mutant-jest/jest.config.cjs');
/** A suite that notices when a guard is not there. */
interface Suite {
  readonly of: string;
  readonly mutants: readonly LedgerMutant[];
  /** A glob of the files below `tests/`, and a pattern of the names of the tests. */
  readonly files: string;
  readonly names: string;
}

const SUITES = {
  // one test of the contract has no guard to notice, and takes longer than all others together
  ledger: { of: 'the SQL ledger', mutants: LEDGER_MUTANTS, files: 'contract/ledger.test.ts', names: '^SQLite (?!.*takes lists of any length)' },
  owner: { of: 'the owner', mutants: OWNER_MUTANTS, files: OWNER_TESTS, names: '' },
} satisfies Record<string, Suite>;

type Verdict =
  | { readonly kind: 'noticed'; readonly by: string }
  | { readonly kind: 'NOT NOTICED'; readonly tests: number }
  | { readonly kind: 'BROKEN'; readonly error: string };

/** The part of Jest's answer that this tool reads. */
interface JestAnswer {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly ancestorTitles: readonly string[]; readonly failureMessages: readonly string[] }[];
  }[];
}

/** @returns the exit code: 1 if the absence of a guard was not noticed, or a mutant is broken */
export async function takeGuardsOf(name: keyof typeof SUITES, only = ''): Promise<number> {
  const suite: Suite = SUITES[name];
  const files = guardFiles(guardedSources());
  const queue = suite.mutants.filter(({ guard }) => guard.toLowerCase().includes(only.toLowerCase()));
  const began = performance.now();
  const folder = mkdtempSync(path.join(tmpdir(), 'ledger-mutants-'));
  const verdicts: Verdict['kind'][] = [];
  const work = async () => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const file = files.get(mutant.marker);
      if (file === undefined) throw new Error(`the guard "${mutant.marker}" is not marked in ${suite.of}`);
      const mutantBegan = performance.now();
      const verdict = await suiteWithout(suite, mutant, path.join(ROOT, file), folder);
      verdicts.push(verdict.kind);
      console.log(`${verdict.kind.padEnd(11)} ${mutant.guard}`);
      console.log(`            ${told(mutant, verdict)} (${secondsSince(mutantBegan)} s)`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const count = (kind: Verdict['kind']) => verdicts.filter((verdict) => verdict === kind).length;
  console.log(`\n${verdicts.length} guards of ${suite.of} taken away one by one in ${secondsSince(began)} s: ${count('noticed')} noticed, ${count('NOT NOTICED')} not, ${count('BROKEN')} broken mutants`);
  return count('noticed') === verdicts.length ? 0 : 1;
}

async function suiteWithout(suite: Suite, { marker, change }: LedgerMutant, file: string, folder: string): Promise<Verdict> {
  const text = path.join(folder, `${marker}.ts`);
  const answer = path.join(folder, `${marker}.json`);
  writeFileSync(text, withoutGuard(readFileSync(file, 'utf8'), marker, change));
  const errors = await jest(['--config', CONFIG, '--runInBand', ...(suite.names === '' ? [] : ['--testNamePattern', suite.names]), '--json', '--outputFile', answer], { MUTANT_FILE: file, MUTANT_TEXT: text, MUTANT_TESTS: suite.files });
  return verdictOf(suite, answer, errors);
}

function jest(args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    // no server of another database: each would have its own turn
    const { TEST_POSTGRES_URL: _postgres, TEST_MARIADB_URL: _mariadb, ...own } = process.env;
    const child = spawn(process.execPath, [JEST, ...args], { cwd: ROOT, env: { ...own, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('close', () => resolve(errors));
    child.once('error', reject);
  });
}

function verdictOf(suite: Suite, answer: string, errors: string): Verdict {
  let parsed: JestAnswer;
  try {
    parsed = JSON.parse(readFileSync(answer, 'utf8')) as JestAnswer;
  } catch {
    return { kind: 'BROKEN', error: errors.split('\n')[0] ?? 'Jest gave no answer' };
  }
  const failures = parsed.testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ failureMessages }) => failureMessages.length > 0));
  const unmet = failures.find(({ failureMessages }) => failureMessages.some((message) => message.includes('expect(')));
  if (unmet) return { kind: 'noticed', by: [...unmet.ancestorTitles.slice(suite.names === '' ? 0 : 2), unmet.title].join(' › ') };
  const [crash] = failures.flatMap(({ failureMessages }) => failureMessages);
  const error = crash ?? (parsed.numPassedTests === 0 ? parsed.testResults[0]?.message : undefined);
  if (error !== undefined) return { kind: 'BROKEN', error: error.trim().split('\n')[0] ?? '' };
  return { kind: 'NOT NOTICED', tests: parsed.numPassedTests };
}

function told({ marker }: LedgerMutant, verdict: Verdict): string {
  switch (verdict.kind) {
    case 'noticed':
      return verdict.by;
    case 'NOT NOTICED':
      return `${verdict.tests} tests passed without "${marker}"`;
    case 'BROKEN':
      return `the mutant "${marker}" is in error: ${verdict.error}`;
  }
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
