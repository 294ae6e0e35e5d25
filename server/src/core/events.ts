import type { ErrorCode } from '../contracts/errors';
import type { Mode } from '../contracts/settings';
import { described } from './errors';
import type { ObjectKey } from './keys';
import type { Logger } from './log';

/** The part of S3 that does not work: all of it, or only reads or writes. */
export type OutageOf = 'all' | 'reads' | 'writes';

/** The requests to S3. `abort` frees the parts of an unfinished upload. */
export type S3Operation = 'put' | 'head' | 'get' | 'delete' | 'abort' | 'list';

/** A failure of S3 that an upload met. `detail` is in S3's own words. */
export interface UploadFailure {
  readonly code: ErrorCode;
  readonly detail?: string;
}

/**
 * The facts that the core tells. Each has a name in the past tense. The code that tells a fact does not know who listens: log lines,
 * incidents and the wake-ups of background work subscribe in `engine/listeners.ts`.
 */
export interface CoreEvents {
  /** An upload went to the local disk, because S3 failed or did not take this one file. */
  fellBack: UploadFailure;
  /** The plugin refused an upload, because S3 failed and the settings keep uploads off the local disk. */
  refused: UploadFailure;
  /** Writes were published: their keys have new bytes. `ownNames`: some of them lie on this disk under own names. */
  published: { readonly keys: readonly ObjectKey[]; readonly ownNames: boolean };
  /** Keys were buried, and their purge is due. */
  deleted: { readonly keys: readonly ObjectKey[] };
  /** S3 answers again after an outage, or accepts uploads again. */
  recovered: Record<string, never>;
  /** S3 as a whole, its reads or its writes stopped working. `of` says which. */
  outageBegan: UploadFailure & { readonly of: OutageOf };
  /** S3 works again. `seconds`: the length of the outage; `fellBack`: the number of uploads that this process put on its disk meanwhile. */
  outageEnded: { readonly seconds: number; readonly fellBack: number };
  /** The connection to S3 has changed, and nobody knows whether the outage goes on there. */
  outageForgotten: Record<string, never>;
  /** The incident log has something to write down. */
  incidentChanged: Record<string, never>;
  /** The plugin has learnt anew whether this database owns the bucket. */
  ownerChanged: Record<string, never>;
  /**
   * A request to S3 ended, well (`code` is null) or badly. `ms`: its length in milliseconds. Each attempt is a request of its own; a
   * request that the breaker holds back is none. ABORTED says that the caller gave the request up.
   */
  requestEnded: { readonly operation: S3Operation; readonly ms: number; readonly code: ErrorCode | null };
  /** This instance may do more, or less, than before. `reason` says why it may not do everything; null if it may. */
  modeChanged: { readonly mode: Mode; readonly reason: ErrorCode | null };
}

type Listener<K extends keyof CoreEvents> = (fact: CoreEvents[K]) => void;

/** Tells facts to all listeners, at once and in the order of their subscription. */
export class Events {
  readonly #listeners = new Map<keyof CoreEvents, Set<Listener<never>>>();

  constructor(private readonly log: Logger) {}

  /** @returns a function that ends the subscription */
  on<K extends keyof CoreEvents>(event: K, listener: Listener<K>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Never throws: a listener that fails must not harm the code that tells the fact. */
  emit<K extends keyof CoreEvents>(event: K, fact: CoreEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as Listener<K>)(fact);
      } catch (error) {
        this.log.error(`a listener to "${event}" failed: ${described(error)}`);
      }
    }
  }
}
