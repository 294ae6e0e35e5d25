export interface ForEachOptions {
  /** Once it aborts, no further item is begun. */
  readonly signal?: AbortSignal;
}

/**
 * Does the work for each item, up to `atOnce` items at once. It takes the next item of an async iterable only when a worker is free.
 * After a failure it begins no further item.
 * @throws the first failure, once all items that were begun have ended
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
        // an item that was taken is always worked on, so that none is lost
        const working = work(next.value);
        // another worker begins only after an item was found, so that an empty iterable needs a single one
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
