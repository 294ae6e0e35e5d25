/** The result for one mutant: whether the search has found a history that breaks a promise without the guard. */
export type Verdict =
  | { readonly kind: 'noticed'; readonly played: number; readonly violation: string }
  | { readonly kind: 'NOT NOTICED'; readonly played: number }
  /** Something else has ended the search, so the mutant does not show what its guard is for. */
  | { readonly kind: 'BROKEN'; readonly error: string };

/** The output of `hunt.ts`. */
export interface Hunted {
  readonly played: number;
  readonly violation: string | null;
}

/** The verdict on a `hunt.ts` that has ended. Only a broken promise counts as noticed, and not a crash. */
export function verdictOf(hunt: { readonly code: number | null; readonly output: string; readonly errors: string }): Verdict {
  if (hunt.code !== 0) return { kind: 'BROKEN', error: /^\w*Error\b.*$/m.exec(hunt.errors)?.[0] ?? `exit code ${hunt.code}` };
  const { played, violation } = JSON.parse(hunt.output) as Hunted;
  return violation === null ? { kind: 'NOT NOTICED', played } : { kind: 'noticed', played, violation };
}
