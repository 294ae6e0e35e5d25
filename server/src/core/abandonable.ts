/** The promise's outcome, or the abort's reason as soon as it comes. What comes later is passed to `late`, where it is given. */
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
