import { mkdtemp, rmdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Core } from '@strapi/strapi';
import { foreignMethods } from '../adapters/strapi/local-provider';
import { isWrapped, type UploadProvider } from '../adapters/strapi/upload-provider';
import { missingMigrations } from '../adapters/database/migrate';
import type { HostFacts } from '../cli/command-host';
import type { DiskTrouble } from '../contracts/api';
import { ephemeralKind } from '../core/store/local/file-system';
import { troubleBy } from '../core/volumes/disk-health';
import { providerIsLocal } from '../engine/engine';

/**
 * Plugins that read the uploads folder to resize or convert images on the fly. The plugin cannot detect the project's own code that does
 * so.
 */
const FOLDER_READERS = ['local-image-sharp', 'local-image-format'];

/** Collects the facts that `doctor` checks apart from the engine. Never throws. */
export async function hostFacts(strapi: Core.Strapi): Promise<HostFacts> {
  const folder = path.resolve(strapi.dirs.static.public, 'uploads');
  const missing = missingMigrations(strapi.db.connection, strapi.db.getSchemaName());
  return {
    providerIsLocal: providerIsLocal(strapi),
    foreignMethods: foreignMethods(strapi.plugin('upload').provider as Partial<UploadProvider>, isWrapped),
    folderReaders: FOLDER_READERS.filter((name) => strapi.plugin(name) !== undefined),
    encryptedWith: strapi.config.get('admin.secrets.encryptionKey') ? 'admin.secrets.encryptionKey' : strapi.config.get('server.app.keys') ? 'app.keys' : null,
    missingMigrations: await missing.catch(() => null),
    uploads: { folder, trouble: await troubleOf(folder), ...(await fileSystemOf(folder)) },
  };
}

/** Tries to write, because neither permissions nor flags reveal quotas and mounts that only look writable. */
async function troubleOf(folder: string): Promise<DiskTrouble | null> {
  try {
    await rmdir(await mkdtemp(path.join(folder, '.s3-storage-doctor-')));
    return null;
  } catch (error) {
    return troubleBy(error, folder);
  }
}

async function fileSystemOf(folder: string): Promise<Pick<HostFacts['uploads'], 'freeBytes' | 'ephemeral'>> {
  try {
    const { type, bavail, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, ephemeral: ephemeralKind(type) };
  } catch {
    return { freeBytes: null, ephemeral: null };
  }
}
