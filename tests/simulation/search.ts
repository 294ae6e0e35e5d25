import fc from 'fast-check';

import { histories, historiesOfCopies, type History } from './plan';
import { playHistory, type Outcome } from './play-history';
import { Violation } from './outside';

export interface Found {
  /** The broken promise; `log` is the shortest history that fast-check could find, line by line. */
  readonly violation: string;
  readonly log: readonly string[];
  readonly history: History;
  readonly path: string;
}

export interface SearchResult {
  readonly seed: number;
  readonly runs: number;
  readonly steps: number;
  readonly acknowledged: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly found: Found | undefined;
}

export interface SearchOptions {
  runs: number;
  seed: number;
  /** Whether copies of the server take part. */
  copies?: boolean;
  /** The path that an earlier search with the same seed found. The search goes straight to it. */
  path?: string;
  /** If true, the search does not look for a shorter history. */
  first?: boolean;
  /** The search calls it after each history. */
  played?: (runs: number) => void;
  /** The search calls it for the first history that breaks a promise, before it looks for a shorter one. */
  broken?: (violation: string) => void;
}

/** The longest time for which a search looks for a shorter history, in milliseconds. */
const SHORTEN_MS = 120_000;

/** Plays up to `runs` random histories, until one breaks a promise. */
export async function search({ runs, seed, copies = false, path, first = false, played, broken }: SearchOptions): Promise<SearchResult> {
  let [count, steps, acknowledged] = [0, 0, 0];
  const faults = new Map<string, number>();
  const add = (outcome: Outcome) => {
    count++;
    steps += outcome.steps;
    acknowledged += outcome.acknowledged;
    for (const [fault, times] of outcome.faults) faults.set(fault, (faults.get(fault) ?? 0) + times);
    played?.(count);
  };
  let brokenAt: number | undefined;
  const details = await fc.check(
    fc.asyncProperty(copies ? historiesOfCopies : histories, async (history) => {
      if (brokenAt !== undefined && performance.now() > brokenAt + SHORTEN_MS) return;
      const outcome = await playHistory(history);
      add(outcome);
      if (!outcome.violation) return;
      if (brokenAt === undefined) broken?.(outcome.violation.message);
      brokenAt ??= performance.now();
      throw outcome.violation;
    }),
    { numRuns: runs, seed, path, endOnFailure: first },
  );
  if (!details.failed) return { seed, runs: count, steps, acknowledged, faults, found: undefined };
  if (!(details.errorInstance instanceof Violation)) throw details.errorInstance;
  const [history] = details.counterexample as [History];
  const { violation, log } = await playHistory(history);
  return {
    seed,
    runs: count,
    steps,
    acknowledged,
    faults,
    found: { violation: violation?.message ?? 'not reproduced', log, history, path: details.counterexamplePath ?? '' },
  };
}
