import type { Body, GetOptions, ObjectFacts, ObjectStore, ObjectStream, PutOptions } from './object-store';

/** How long one call may wait for an answer, where less is left than the store's own timeout. */
export interface Patience {
  /** Milliseconds that nothing may move: no connection, no byte taken, no answer. A body that moves may last longer. */
  patienceMs?: number;
}

/** An ObjectStore that is told its patience. Every ObjectStore is one: those that never wait ignore it. */
export interface PatientStore extends ObjectStore {
  put(name: string, body: Body, options?: PutOptions & Patience): Promise<ObjectFacts>;
  head(name: string, options?: { signal?: AbortSignal } & Patience): Promise<ObjectFacts>;
  get(name: string, options?: GetOptions & Patience): Promise<ObjectStream>;
  delete(name: string, options?: { signal?: AbortSignal } & Patience): Promise<void>;
  abortWrites(name: string, options?: { signal?: AbortSignal } & Patience): Promise<void>;
}
