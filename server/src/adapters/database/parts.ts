/** Number of values in one list of a statement, far below the limit of every database (SQLite 32,766 parameters, PostgreSQL 65,535). */
const IN_A_STATEMENT = 500;

/** Yields the items in lists that one statement takes, in their order. */
export function* parts<T>(items: readonly T[], atOnce = IN_A_STATEMENT): Generator<T[]> {
  for (let from = 0; from < items.length; from += atOnce) yield items.slice(from, from + atOnce);
}

/** Runs a statement for each part of the items, one after the other, and returns all answers together. */
export async function inParts<T, R>(items: readonly T[], ask: (some: readonly T[]) => PromiseLike<readonly R[]>): Promise<R[]> {
  const answers: R[] = [];
  for (const some of parts(items)) for (const answer of await ask(some)) answers.push(answer);
  return answers;
}
