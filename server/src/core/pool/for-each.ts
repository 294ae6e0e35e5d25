export interface ForEachOptions {
  /** Once it aborts, no further item is begun. */
  readonly signal?: AbortSignal;
}

/**
 * Does the work for each item, so many at once. An async iterable is asked for its next item only when a place is free. After a
 * failure no further item is begun.
 * @throws the first failure, once all that was in hand has ended
 */
export async function forEach<T>(items: Iterable<T> | AsyncIterable<T>, atOnce: number, work: (item: T) => Promise<void>, { signal }: ForEachOptions = {}): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  const workers: Promise<void>[] = [];
  let begun = 0;
  const worker = async () => {
    while (failures.length === 0 && !signal?.aborted) {
      try {
        const asked = iterator.next();
        const next = asked instanceof Promise ? await asked : asked;
        if (next.done) return;
        // what was taken is always worked on, so that no item is lost
        const working = work(next.value);
        // where there was one item there may be another; for none a single worker is enough
        if (begun < atOnce) begin();
        await working;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const begin = () => {
    begun++;
    workers.push(worker());
  };
  begin();
  for (const one of workers) await one;
  await iterator.return?.();
  if (failures.length > 0) throw failures[0];
}
