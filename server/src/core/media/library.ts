/** One file of the media library, with the names of everything that lies in the uploads folder for it. */
export interface LibraryFile {
  readonly id: number;
  /** The upload provider that keeps the file. This plugin's files have `local`. */
  readonly provider: string;
  /** The names below `/uploads/` of the main file and of each of its formats. Nothing has checked yet that they are keys. */
  readonly names: readonly string[];
  /**
   * The URLs of the file, or of its formats, that differ from `/uploads/<hash><ext>`: such a file lies in a sub-folder, for instance, or
   * somebody wrote its address by hand. Strapi would remove and replace another file, so the plugin leaves this one where it is.
   */
  readonly otherUrls?: readonly string[];
}

/** Reads the media library's list of files from one end to the other. */
export interface MediaLibrary {
  /** Returns the next files in the order of their ids, up to and including `maxId`. Fewer files than `limit` mean that there are no more. */
  page(request: { after: number; limit: number; maxId: number | null }): Promise<LibraryFile[]>;
  /** Returns the names of the admin panel's logos, which are files that no page contains. */
  logos(): Promise<string[]>;
}
