import type { MediaLibrary } from '../../media/library';
import type { SettleParts } from '../leave/settle';
import type { VolumeRegistry } from '../../volumes/registry';

/** What a restore, and leaving, are made of. */
export type RestoreDeps = SettleParts & { readonly library: MediaLibrary; readonly registry: Pick<VolumeRegistry, 'list'> };
