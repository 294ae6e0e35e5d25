import type { ErrorCode } from '../contracts/errors';
import type { Mode } from '../contracts/settings';
import { described } from './errors';
import type { ObjectKey } from './keys';
import type { Logger } from './log';

/** The part of S3 that is out of order: all of it, or only reads or writes. */
export type OutageOf = 'all' | 'reads' | 'writes';

/** A failure of S3 as an upload met it. `detail` is in S3's own words. */
export interface UploadFailure {
  readonly code: ErrorCode;
  readonly detail?: string;
}

/**
 * The facts that the core tells, each by a word in the past tense. Whoever tells a fact does not know who listens: log lines, incidents
 * and the wake-ups of background work subscribe in `engine/listeners.ts`.
 */
export interface CoreEvents {
  /** An upload was kept on the local disk, because S3 failed or did not take this one file. */
  fellBack: UploadFailure;
  /** An upload was refused because S3 failed, and nothing may be kept on the local disk. */
  refused: UploadFailure;
  /** Writes were published: their keys have new bytes. `ownNames`: some lie on this disk under names of their own. */
  published: { readonly keys: readonly ObjectKey[]; readonly ownNames: boolean };
  /** Keys were buried, and their purge is due. */
  deleted: { readonly keys: readonly ObjectKey[] };
  /** S3 answers again after an outage, or takes uploads again. */
  recovered: Record<string, never>;
  /** S3, or only its reads or its writes, is out of order from now on. */
  outageBegan: UploadFailure & { readonly of: OutageOf };
  /** All is in order again. `seconds`: how long it was not; `fellBack`: how many uploads of this process were kept on its disk. */
  outageEnded: { readonly seconds: number; readonly fellBack: number };
  /** S3 is reached in another way, and nobody knows whether the outage goes on there. */
  outageForgotten: Record<string, never>;
  /** The incident log has something to write. */
  incidentChanged: Record<string, never>;
  /** This instance may do more, or less, than before. `reason`: why it may not do everything. */
  modeChanged: { readonly mode: Mode; readonly reason: ErrorCode | null };
}

type Listener<K extends keyof CoreEvents> = (fact: CoreEvents[K]) => void;

/** Tells facts to whoever listens, at once and in the order of subscription. */
export class Events {
  readonly #listeners = new Map<keyof CoreEvents, Set<Listener<never>>>();

  constructor(private readonly log: Logger) {}

  /** @returns how to stop listening */
  on<K extends keyof CoreEvents>(event: K, listener: Listener<K>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Never throws: the one who tells a fact is not to suffer from those who hear it. */
  emit<K extends keyof CoreEvents>(event: K, fact: CoreEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as Listener<K>)(fact);
      } catch (error) {
        this.log.error(`"${event}" was not taken up everywhere: ${described(error)}`);
      }
    }
  }
}
