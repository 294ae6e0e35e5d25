import type { PatientStore } from './patience';

export interface ListedObject {
  readonly name: string;
  readonly size: number;
  /** As {@link ObjectFacts.etag}; null where the listing does not say. */
  readonly etag: string | null;
  /** True: its storage class is an archive, or may be one; only `head` tells, see {@link ObjectFacts.archived}. */
  readonly mayBeArchived?: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** What asks for the page after this one; null: this is the last. */
  readonly next: string | null;
}

export interface ListRequest {
  /** `next` of the page before; without it the first page. */
  after?: string;
  /** Objects at most, up to 1,000. A page may have fewer, even none, and not be the last. */
  limit: number;
  signal?: AbortSignal;
}

/** A place whose objects can be listed, page by page, each once; what is written or removed meanwhile may be missed. */
export interface ListableStore {
  /**
   * The objects whose names begin with `prefix`.
   * @throws StorageError NOT_S3 or UNSUPPORTED for an answer that is no listing, or one that would never end: nothing is
   *   ever taken for absent because a page was broken
   */
  list(prefix: string, request: ListRequest): Promise<ObjectPage>;
}

/** A bucket as the plugin works with it. */
export type BucketStore = PatientStore & ListableStore;
