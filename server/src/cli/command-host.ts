import type { DiskTrouble, EphemeralDisk } from '../contracts/api';
import type { AdminApi } from '../core/admin/admin-api';

/** The facts about the project that are known even if the engine does not run. */
export interface HostFacts {
  /** True if Strapi's upload provider is the local one. */
  providerIsLocal: boolean;
  /** The methods of the provider that other code has wrapped or replaced. */
  foreignMethods: readonly string[];
  /** Enabled plugins that are known to read the uploads folder themselves. */
  folderReaders: readonly string[];
  /** The setting whose key encrypts the secret; null if neither is set, so that no secret can be stored. */
  encryptedWith: 'admin.secrets.encryptionKey' | 'app.keys' | null;
  /** The migrations that have not run; null if the database did not answer. */
  missingMigrations: readonly string[] | null;
  uploads: {
    folder: string;
    /** Null if Strapi can write to the folder. */
    trouble: DiskTrouble | null;
    /** Free bytes; null if the platform does not tell. */
    freeBytes: number | null;
    ephemeral: EphemeralDisk | null;
  };
}

export interface CommandHost {
  /** Starts the engine. @throws the error that prevented the start */
  start(): Promise<AdminApi>;
  facts(): Promise<HostFacts>;
}
