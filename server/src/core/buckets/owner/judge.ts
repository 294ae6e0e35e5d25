import type { DatabaseIdentity } from './database-identity';
import { isOtherDatabase } from './database-identity';
import type { Marker } from './marker';
import type { OwnerRecord } from './owner-book';

/**
 * Who owns an area. `free`: neither the bucket nor this database knows an owner. `unmarked`: this database is the owner, and the marker is
 * gone. `other`: another database is the owner, and this one may be a copy of it.
 */
export type Judgement =
  | { readonly kind: 'own' | 'free' | 'unmarked' }
  | { readonly kind: 'other'; readonly code: 'BUCKET_OWNED' | 'DATABASE_COPY' | 'DATABASE_BEHIND' };

/**
 * Compares the words of the bucket with those of this database.
 * @param marker undefined: there is none
 * @param record undefined: this database has never owned the area
 * @param identity the identity of the database as it is now
 */
export function judge(marker: Marker | undefined, record: OwnerRecord | undefined, identity: DatabaseIdentity | null): Judgement {
  // guard: copy-knows-itself-without-a-marker
  if (record && isOtherDatabase(record.identity, identity)) return { kind: 'other', code: 'DATABASE_COPY' };
  // guard: a-lost-marker-frees-nobody-elses-area
  if (!marker && record?.supersededBy) return { kind: 'other', code: 'BUCKET_OWNED' };
  if (!marker) return { kind: record ? 'unmarked' : 'free' };
  // guard: another-owner-is-respected
  if (!record || record.owner !== marker.owner) return { kind: 'other', code: 'BUCKET_OWNED' };
  // guard: another-database-is-a-copy
  if (isOtherDatabase(marker.database, identity)) return { kind: 'other', code: 'DATABASE_COPY' };
  // guard: marker-must-be-in-step
  if (marker.token === record.token || marker.token === record.inMarker) return { kind: 'own' };
  return { kind: 'other', code: marker.epoch > record.epoch ? 'DATABASE_BEHIND' : 'DATABASE_COPY' };
}
