import type { LibraryExtent } from '../volumes/watches';

/** The size that the library notes of a file: exact in bytes, or rounded to hundredths of a kilobyte of 1000 bytes. */
export type ListedSize = { readonly bytes: number } | { readonly kilobytes: number } | null;

/** One file of the media library that Strapi made or changed. */
export interface ChangedFile {
  readonly id: number;
  /** When Strapi last changed it, in milliseconds since the epoch by the clock of the process that did. */
  readonly changedAt: number;
  /** The names below `/uploads/` of the main file and of each of its formats, with their sizes. */
  readonly parts: readonly { readonly name: string; readonly size: ListedSize }[];
}

/** Tells what Strapi has changed in its media library, with this plugin or without it. It knows the files of the local provider only. */
export interface LibraryChanges {
  /**
   * Returns the next files, in the order of their ids, that changed since `since` (milliseconds since the epoch) or have an id above
   * `lastId`. Fewer files than `limit` mean that there are no more.
   */
  page(request: { since: number; lastId: number | null; after: number; limit: number }): Promise<ChangedFile[]>;
  /** Returns the present extent of the library. @param lastId counts only the files up to this id */
  extent(lastId?: number): Promise<LibraryExtent>;
}
