import type { EngineParts } from '../../media/deps';
import type { MediaLibrary } from '../../media/library';
import type { VolumeRegistry } from '../../volumes/registry';

/** What a restore, and leaving, are made of. */
export type RestoreDeps = EngineParts & { readonly library: MediaLibrary; readonly registry: Pick<VolumeRegistry, 'list'> };
