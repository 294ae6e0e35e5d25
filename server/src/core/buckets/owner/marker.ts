import { z } from 'zod';
import { isStorageError } from '../../errors';
import { HeldBody } from '../../store/held-body';
import type { ObjectStore } from '../../store/object-store';
import type { DatabaseIdentity } from './database-identity';

/** Greatest size of a marker, in bytes. A larger object is none, and nobody reads it to its end. */
const MAX_BYTES = 16 * 1024;
/** Longest wait for the answer to one request about a marker, in milliseconds. */
const PATIENCE_MS = 3_000;

/** The form of the marker. A marker of a later version may mean something else, so that this version does not understand it. */
const VERSION = 1;

const schema = z.object({
  version: z.literal(VERSION),
  owner: z.string().min(1).max(64),
  epoch: z.number().int().nonnegative(),
  token: z.string().min(1).max(64),
  heldMs: z.number().nonnegative(),
  database: z.record(z.string(), z.string()).and(z.object({ kind: z.string() })).nullable(),
  server: z.string().max(255),
  writtenAt: z.string().max(64),
});

/** The words of the bucket about its owner. */
export interface Marker {
  readonly owner: string;
  readonly epoch: number;
  readonly token: string;
  /** How long the process that wrote the marker had been the owner then, in milliseconds. */
  readonly heldMs: number;
  readonly database: DatabaseIdentity | null;
  /** The host name of the server that wrote the marker. It is there for people. */
  readonly server: string;
  /** The time at which that server wrote it, by the server's clock. It is there for people. */
  readonly writtenAt: string;
}

/**
 * The answer to a look under the marker's name. `denied`: S3 refuses the read, or there is no marker and the key may not list. `garbage`: an object
 * that this version does not understand. `etag` is the store's tag of the object, null where the store has none.
 */
export type Seen =
  | { readonly kind: 'absent' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'garbage'; readonly etag: string | null; readonly detail: string }
  | { readonly kind: 'marker'; readonly etag: string | null; readonly marker: Marker };

/** The part of a store that markers need. */
export type MarkerStore = Pick<ObjectStore, 'get' | 'put'>;

/**
 * Failures of a conditional PUT that the condition may have caused: it does not hold, the store refuses such a PUT (Backblaze B2), or compares
 * the tag with its quotes (Ceph 16, DigitalOcean). A missing object looks like a missing bucket then.
 */
const OF_THE_CONDITION = ['NAME_TAKEN', 'UNSUPPORTED', 'REJECTED', 'BUCKET_NOT_FOUND'] as const;

export function markerName(prefix: string): string {
  return `${prefix}.s3-storage-owner.json`;
}

/** @throws StorageError if S3 gives no answer, or one that says nothing about the marker */
export async function readMarker(store: Pick<MarkerStore, 'get'>, prefix: string): Promise<Seen> {
  let etag: string | null = null;
  try {
    const { facts, body } = await store.get(markerName(prefix), { patienceMs: PATIENCE_MS });
    etag = facts.etag;
    if (facts.size > MAX_BYTES || facts.archived) {
      body.destroy();
      return { kind: 'garbage', etag, detail: facts.archived ? 'it lies in an archive' : `it has ${facts.size} bytes` };
    }
    const { pieces } = await HeldBody.read(body);
    return parsed(Buffer.concat(pieces).toString('utf8'), etag);
  } catch (error) {
    if (isStorageError(error, 'OBJECT_NOT_FOUND')) return { kind: 'absent' };
    if (isStorageError(error, 'ACCESS_DENIED')) return { kind: 'denied' };
    if (isStorageError(error, 'OBJECT_ARCHIVED')) return { kind: 'garbage', etag, detail: 'it lies in an archive' };
    throw error;
  }
}

function parsed(text: string, etag: string | null): Seen {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'garbage', etag, detail: text === '' ? 'it is empty' : 'it is not JSON' };
  }
  const result = schema.safeParse(value);
  if (result.success) return { kind: 'marker', etag, marker: result.data };
  const { version } = Object(value) as { version?: unknown };
  const isLater = typeof version === 'number' && version > VERSION;
  return { kind: 'garbage', etag, detail: isLater ? `a later version of this plugin wrote it (${version})` : 'it is no marker' };
}

/**
 * Writes a marker in place of what was seen there. Stores that know conditions refuse it when somebody has written in between. Some
 * refuse the condition itself; there, a second look comes right before the write.
 * @returns false if something else lies there by now; nothing was written then
 * @throws StorageError if the store does not take the marker
 */
export async function writeMarker(store: MarkerStore, prefix: string, marker: Marker, seen: Seen): Promise<boolean> {
  const body = HeldBody.of(Buffer.from(`${JSON.stringify({ version: VERSION, ...marker }, undefined, 2)}\n`));
  const options = { contentType: 'application/json', cacheControl: 'no-store', patienceMs: PATIENCE_MS };
  const condition = seen.kind === 'absent' || seen.kind === 'denied' ? { onlyIfAbsent: true } : seen.etag !== null ? { onlyIfEtag: seen.etag } : undefined;
  if (condition) {
    try {
      await store.put(markerName(prefix), body, { ...options, ...condition });
      return true;
    } catch (error) {
      // where the read is denied, nothing but the condition tells what lies there
      if (seen.kind === 'denied' && isStorageError(error, 'NAME_TAKEN')) return false;
      if (seen.kind === 'denied' || !isStorageError(error, ...OF_THE_CONDITION)) throw error;
    }
  }
  // guard: marker-is-looked-at-again
  if (!isSame(await readMarker(store, prefix), seen)) return false;
  await store.put(markerName(prefix), body, options);
  return true;
}

function isSame(one: Seen, other: Seen): boolean {
  if (one.kind !== other.kind) return false;
  if (one.kind === 'marker' && other.kind === 'marker') return one.marker.token === other.marker.token;
  return one.kind !== 'garbage' || other.kind !== 'garbage' || one.etag === other.etag;
}
