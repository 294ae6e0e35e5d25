import type { Clock } from '../clock';

export interface Gathering {
  readonly clock: Pick<Clock, 'sleep'>;
  /** How long the first request waits for others, in milliseconds. */
  readonly lingerMs: number;
  /** Largest number of requests in one step. With this number, the step begins without waiting. */
  readonly atMost: number;
}

interface Waiting<R, A> {
  readonly request: R;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/**
 * Turns a step for many requests into a function for one request. Requests that come shortly after one another, or while a step is
 * under way, share the next step. If a step fails, all requests in it fail, and no others.
 */
export function together<R, A>(step: (requests: readonly R[]) => Promise<readonly A[]>, gathering: Gathering): (request: R) => Promise<A> {
  const { clock, lingerMs, atMost } = gathering;
  const waiting: Waiting<R, A>[] = [];
  /** Aborting it ends the wait for others. */
  let full: AbortController | undefined;
  let underWay = false;

  const take = async (some: readonly Waiting<R, A>[]): Promise<void> => {
    try {
      const answers = await step(some.map(({ request }) => request));
      some.forEach(({ resolve }, index) => resolve(answers[index] as A));
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  };
  const workOff = async (): Promise<void> => {
    underWay = true;
    while (waiting.length > 0) {
      if (waiting.length < atMost) {
        full = new AbortController();
        // this rejects as soon as there are enough requests
        await clock.sleep(lingerMs, full.signal).catch(() => undefined);
        full = undefined;
      }
      await take(waiting.splice(0, atMost));
    }
    underWay = false;
  };

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (waiting.length >= atMost) full?.abort();
      if (!underWay) void workOff();
    });
}
