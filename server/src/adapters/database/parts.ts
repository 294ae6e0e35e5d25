/** Values that one statement is given as a list: far below what any database takes (SQLite 32,766 parameters, PostgreSQL 65,535). */
const IN_A_STATEMENT = 500;

/** The items in lists that a statement takes, in their order. */
export function* parts<T>(items: readonly T[], atOnce = IN_A_STATEMENT): Generator<T[]> {
  for (let from = 0; from < items.length; from += atOnce) yield items.slice(from, from + atOnce);
}

/** What a statement answers for each part of the items, one after the other, all together. */
export async function inParts<T, R>(items: readonly T[], ask: (some: readonly T[]) => PromiseLike<readonly R[]>): Promise<R[]> {
  const answers: R[] = [];
  for (const some of parts(items)) for (const answer of await ask(some)) answers.push(answer);
  return answers;
}
