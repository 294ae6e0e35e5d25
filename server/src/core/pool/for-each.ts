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
  const worker = async () => {
    while (failures.length === 0 && !signal?.aborted) {
      try {
        const asked = iterator.next();
        const next = asked instanceof Promise ? await asked : asked;
        if (next.done) return;
        // what was taken is always worked on, so that no item is lost
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await iterator.return?.();
  if (failures.length > 0) throw failures[0];
}
