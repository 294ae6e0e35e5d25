import type { MediaLibrary } from '../media/library';
import type { EngineParts } from '../media/deps';
import type { Inventories } from './inventories';

/** What jobs on the whole library are made of. */
export type JobDeps = EngineParts & { library: MediaLibrary; inventories: Inventories };
