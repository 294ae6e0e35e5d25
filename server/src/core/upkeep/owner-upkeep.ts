import type { Connections } from '../buckets/connections';
import { LOOK_AGAIN_MS, LOOK_MS, type OwnerWatch } from '../buckets/owner/owner-watch';
import type { Clock } from '../clock';
import type { Instance } from '../instance';
import type { Logger } from '../log';
import { Worker } from '../worker';

/** Longest time for which a change of the settings, and so a start, waits for the bucket's answer about its owner, in milliseconds. */
const AWAITED_MS = 2_000;

export interface OwnerUpkeepDeps {
  readonly owners: Pick<OwnerWatch, 'of' | 'look' | 'serve'>;
  readonly connections: Pick<Connections, 'owned'>;
  readonly instance: Pick<Instance, 'awaitsOwner'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Logger;
}

/** Looks at the marker of the bucket's owner again and again and, in a process that serves, gives the owner's signs of life. */
export class OwnerUpkeep {
  readonly #worker: Worker;
  #serves = false;
  #hasServed = false;

  constructor(private readonly deps: OwnerUpkeepDeps) {
    this.#worker = new Worker('watch over the owner of the bucket', () => this.#pauseMs(), () => this.#run(), deps.log);
  }

  /** Begins to look, and to give signs of life. The first one comes at once. */
  serve(): void {
    this.#serves = true;
    this.#worker.start();
    this.#worker.wake();
  }

  /** Begins to look, without signs of life: for a command, which leaves those to the servers. */
  watch(): void {
    this.#worker.start();
  }

  /** Looks at the present area if nobody has yet. Resolves when the owner is known or the bucket is slow. Never rejects. */
  async lookSoon(): Promise<void> {
    const target = this.deps.connections.owned;
    if (!target || this.deps.owners.of(target.area.id).state !== 'unknown') return;
    const over = new AbortController();
    try {
      await Promise.race([this.deps.owners.look(target), this.deps.clock.sleep(AWAITED_MS, over.signal).catch(() => undefined)]);
    } finally {
      over.abort();
    }
    this.#worker.wake();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  async #run(): Promise<void> {
    const target = this.deps.connections.owned;
    if (!target) return;
    if (!this.#serves) return void (await this.deps.owners.look(target));
    await this.deps.owners.serve(target, !this.#hasServed);
    this.#hasServed ||= this.deps.owners.of(target.area.id).state === 'own';
  }

  #pauseMs(): number {
    return this.deps.instance.awaitsOwner ? LOOK_AGAIN_MS : LOOK_MS;
  }
}
