import type { MediaLibrary } from '../media/library';
import type { EngineParts } from '../media/deps';
import type { PublicUrlGate } from '../public-url/gate';
import type { Inventories } from '../ledger/inventories';

/** What jobs on the whole library are made of. */
export type JobDeps = EngineParts & {
  library: MediaLibrary;
  inventories: Inventories;
  /** Whether visitors' requests for files come to this plugin. */
  publicUrl: Pick<PublicUrlGate, 'known' | 'fresh'>;
};
