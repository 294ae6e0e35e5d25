/** Returns the promise's outcome, or rejects with the signal's reason as soon as `signal` aborts. `late` then gets the outcome that comes later. */
export function abandonable<T>(promise: Promise<T>, signal: AbortSignal, late?: (outcome: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise
      .then((outcome) => {
        if (signal.aborted) late?.(outcome);
        resolve(outcome);
      }, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
