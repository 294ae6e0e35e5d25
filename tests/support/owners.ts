import type { OwnerLooks } from '../../server/src/core/buckets/connections';
import { OWN, type Ownership } from '../../server/src/core/ownership';

/** The answers where the database owns every area, for tests that are not about owners. */
export const OWNS_ALL: OwnerLooks = { of: () => OWN, confirm: async () => true, areas: async () => [] };

/** The ownership of an instance that owns its bucket. */
export const owns = (): Ownership => OWN;
