import type { LocationId } from '../../ledger/ledger';
import type { EngineParts } from '../../media/deps';
import type { MediaLibrary } from '../../media/library';
import type { DiskTree } from '../../store/local/disk-tree';
import type { ListableStore } from '../../store/listable-store';
import type { ObjectStore } from '../../store/object-store';
import type { VolumeRegistry } from '../../volumes/registry';

/** What an audit needs beside what all jobs have. */
export interface AuditDeps {
  library: MediaLibrary;
  registry: Pick<VolumeRegistry, 'list'>;
  /** The files of this process's disk. */
  tree: DiskTree;
  /** What lists a location; undefined where the settings do not reach it. */
  listAt(location: LocationId): ListableStore | undefined;
  /** The present bucket, to read from. */
  readable(): { store: ObjectStore; locationId: LocationId; prefix: string } | undefined;
}

export type AuditParts = EngineParts & AuditDeps;
