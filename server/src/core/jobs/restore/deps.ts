import type { MediaLibrary } from '../../media/library';
import type { SettleParts } from '../leave/settle';
import type { VolumeRegistry } from '../../volumes/registry';

/** The parts that restore and leaving share. */
export type RestoreDeps = SettleParts & { readonly library: MediaLibrary; readonly registry: Pick<VolumeRegistry, 'list'> };
