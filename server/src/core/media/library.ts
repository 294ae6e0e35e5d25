/** One file of the media library, with all that lies in the uploads folder for it. */
export interface LibraryFile {
  readonly id: number;
  /** The upload provider that keeps it: this plugin's files are `local`. */
  readonly provider: string;
  /** The names below `/uploads/` of the main file and of each of its formats; not yet checked to be keys. */
  readonly names: readonly string[];
  /**
   * What the library says lies somewhere else than at `/uploads/<hash><ext>`, by its URL: in a sub-folder, say, or at an address
   * that somebody wrote by hand. Strapi would remove and replace another file than this, so the plugin leaves it where it is.
   */
  readonly otherUrls?: readonly string[];
}

/** The CMS's list of files, from one end to the other. */
export interface MediaLibrary {
  /** The next files in the order of their ids, up to and including `maxId`. Fewer than `limit`: there are no more. */
  page(request: { after: number; limit: number; maxId: number | null }): Promise<LibraryFile[]>;
  /** The names of the admin panel's logos, which are files that no page has. */
  logos(): Promise<string[]>;
}
