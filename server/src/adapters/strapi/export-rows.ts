import type { ExportUrls } from './export-urls';

interface StoredFile {
  hash: string;
  ext?: string | null;
  url?: string;
  provider?: string;
}

/** A row of the media library, as an export reads it. */
export interface FileRow extends StoredFile {
  formats?: Record<string, StoredFile> | null;
}

/** The provider that an export sees: not the local one, so that Strapi fetches the file instead of looking for it on the disk. */
const FETCHED = 's3-storage';

function fetched<T extends StoredFile>(file: T, urls: ExportUrls): T {
  const url = urls.of(file);
  return url === undefined ? file : { ...file, provider: FETCHED, url };
}

/**
 * Returns the row with addresses from which Strapi fetches the file and its formats. A file of another provider stays as it is, and so does
 * one whose name this plugin never stores: Strapi reads it from the disk.
 */
export function fetchedRow<T extends FileRow>(row: T, urls: ExportUrls): T {
  if (row.provider !== 'local' || urls.of(row) === undefined) return row;
  const formats = row.formats && Object.fromEntries(Object.entries(row.formats).map(([name, format]) => [name, fetched(format, urls)]));
  return { ...fetched(row, urls), formats };
}

/** The key of Strapi's core store under which the admin panel keeps its logos. */
const PROJECT_SETTINGS = 'core_admin_project-settings';

/** Does the same for the logos of the admin panel, which Strapi keeps as JSON in its core store. `has`: the plugin has the logo's bytes. */
export async function fetchedLogos<T extends { key?: string; value?: string }>(row: T, urls: ExportUrls, has: (logo: StoredFile) => Promise<boolean>): Promise<T> {
  if (row.key !== PROJECT_SETTINGS || typeof row.value !== 'string') return row;
  const settings = JSON.parse(row.value) as Record<string, StoredFile | null | undefined>;
  for (const name of ['menuLogo', 'authLogo']) {
    const logo = settings[name];
    const isLocal = logo?.url && (!logo.provider || logo.provider === 'local') && urls.of(logo) !== undefined;
    if (isLocal && (await has(logo))) settings[name] = fetched(logo, urls);
  }
  return { ...row, value: JSON.stringify(settings) };
}
