import type { Clock } from '../clock';

export interface Gathering {
  readonly clock: Pick<Clock, 'sleep'>;
  /** How long the first of some waits for others, in milliseconds. */
  readonly lingerMs: number;
  /** So many are not waited with. */
  readonly atMost: number;
}

interface Waiting<R, A> {
  readonly request: R;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/**
 * A step for many, from which each asks for one: requests that come shortly after one another, or while the step is under
 * way, are taken together. Where a step fails, all that were in it fail, and no other.
 */
export function together<R, A>(step: (requests: readonly R[]) => Promise<readonly A[]>, gathering: Gathering): (request: R) => Promise<A> {
  const { clock, lingerMs, atMost } = gathering;
  const waiting: Waiting<R, A>[] = [];
  /** Ends the wait for others. */
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
        // rejects as soon as there are enough
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
