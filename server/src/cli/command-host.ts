import type { DiskTrouble, EphemeralDisk } from '../contracts/api';
import type { AdminApi } from '../core/admin/admin-api';

/** What is known of the project although the engine may not run. */
export interface HostFacts {
  /** Strapi's upload provider is the local one. */
  providerIsLocal: boolean;
  /** Its methods that other code has wrapped or replaced. */
  foreignMethods: readonly string[];
  /** Enabled plugins that are known to read the uploads folder themselves. */
  folderReaders: readonly string[];
  /** What the secret is encrypted with; null: neither is set, so that none can be stored. */
  encryptedWith: 'admin.secrets.encryptionKey' | 'app.keys' | null;
  /** Tables that are still to be made or changed; null: the database did not say. */
  missingMigrations: readonly string[] | null;
  uploads: {
    folder: string;
    /** Null: it can be written. */
    trouble: DiskTrouble | null;
    /** Null: the platform does not tell. */
    freeBytes: number | null;
    ephemeral: EphemeralDisk | null;
  };
}

export interface CommandHost {
  /** @throws whatever kept the engine from starting */
  start(): Promise<AdminApi>;
  facts(): Promise<HostFacts>;
}
