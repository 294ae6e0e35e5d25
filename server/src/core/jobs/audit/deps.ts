import type { EngineParts } from '../../media/deps';
import type { MediaLibrary } from '../../media/library';
import type { DiskTree } from '../../store/local/disk-tree';
import type { VolumeRegistry } from '../../volumes/registry';

/** What an audit needs beside what all jobs have. */
export interface AuditDeps {
  library: MediaLibrary;
  registry: Pick<VolumeRegistry, 'list'>;
  /** The files of this process's disk. */
  tree: DiskTree;
}

export type AuditParts = EngineParts & AuditDeps;
