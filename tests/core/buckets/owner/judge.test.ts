import type { DatabaseIdentity } from '../../../../server/src/core/buckets/owner/database-identity';
import { judge } from '../../../../server/src/core/buckets/owner/judge';
import type { Marker } from '../../../../server/src/core/buckets/owner/marker';
import type { OwnerRecord } from '../../../../server/src/core/buckets/owner/owner-book';

const HERE: DatabaseIdentity = { kind: 'sqlite', inode: '1' };
const COPY: DatabaseIdentity = { kind: 'sqlite', inode: '2' };
const record: OwnerRecord = { owner: 'us', epoch: 5, token: 't5', inMarker: 't4', identity: HERE, supersededBy: null };
const marker: Marker = { owner: 'us', epoch: 5, token: 't5', heldMs: 0, database: HERE, server: 'web-1', writtenAt: '' };
const other = (code: string) => ({ kind: 'other', code });

test.each<[string, Marker | undefined, OwnerRecord | undefined, DatabaseIdentity | null, object]>([
  ['an area that nobody marked and that this database never owned is free', undefined, undefined, HERE, { kind: 'free' }],
  ['the owner of an area whose marker is gone may mark it again', undefined, record, HERE, { kind: 'unmarked' }],
  ['a copy of the owner must not mark it again', undefined, record, COPY, other('DATABASE_COPY')],
  ['a former owner must not mark it again', undefined, { ...record, supersededBy: 'them' }, HERE, other('BUCKET_OWNED')],
  ['a former owner is the owner again as soon as it is in step', marker, { ...record, supersededBy: 'them' }, HERE, { kind: 'own' }],
  ['a marked area belongs to another database where this one never owned it', marker, undefined, HERE, other('BUCKET_OWNED')],
  ['the area belongs to whoever has claimed it', { ...marker, owner: 'them' }, record, HERE, other('BUCKET_OWNED')],
  ['the owner owns it', marker, record, HERE, { kind: 'own' }],
  ['the owner owns it while its new token has not reached the marker', { ...marker, epoch: 4, token: 't4' }, record, HERE, { kind: 'own' }],
  ['a copy that is told by the record only does not', { ...marker, database: null }, record, COPY, other('DATABASE_COPY')],
  ['a copy that is told by the marker only does not', marker, { ...record, identity: null }, COPY, other('DATABASE_COPY')],
  ['a database that tells nothing about itself owns it while it is in step', marker, { ...record, identity: null }, null, { kind: 'own' }],
  ['an older state of the owner does not', { ...marker, epoch: 9, token: 't9' }, record, HERE, other('DATABASE_BEHIND')],
  ['a copy with the same identity and as many epochs does not', { ...marker, token: 'x5' }, record, HERE, other('DATABASE_COPY')],
  ['facts that only one of the two knows prove nothing', { ...marker, database: { kind: 'sqlite', born: '7' } }, record, { ...HERE, born: '7' }, { kind: 'own' }],
])('%s', (_title, seen, known, identity, expected) => expect(judge(seen, known, identity)).toEqual(expected));
