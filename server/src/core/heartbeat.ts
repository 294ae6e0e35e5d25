/**
 * Does `beat` at an interval for as long as `work` lasts. The interval is no promise, and the process may end meanwhile.
 * @param everyMs the time between two beats, in milliseconds
 */
export async function withHeartbeat<T>(everyMs: number, beat: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(beat, everyMs);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
