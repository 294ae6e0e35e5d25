import type { ErrorCode } from '../../contracts/errors';
import { isStorageError } from '../errors';
import { plainLocalName, type ObjectKey } from '../keys';
import type { MoveParts } from './deps';
import { statOf } from '../media/plain-file';
import { AT_ONCE } from '../pool/at-once';
import { forEach } from '../pool/for-each';

export interface OnDisk {
  /** The size of each file that lies at its plain path, in bytes. */
  readonly found: ReadonlyMap<ObjectKey, number>;
  readonly absent: readonly ObjectKey[];
  /** The keys that the disk gave an error for, and the error. */
  readonly unknown: ReadonlyMap<ObjectKey, ErrorCode>;
}

/** Looks for the plain files of these keys on this disk. */
export async function lookOnDisk({ disk }: Pick<MoveParts, 'disk'>, keys: readonly ObjectKey[]): Promise<OnDisk> {
  const found = new Map<ObjectKey, number>();
  const unknown = new Map<ObjectKey, ErrorCode>();
  await forEach(keys, AT_ONCE.stats, async (key) => {
    try {
      const stat = await statOf(disk, plainLocalName(key));
      if (stat) found.set(key, stat.size);
    } catch (error) {
      if (!isStorageError(error)) throw error;
      unknown.set(key, error.code);
    }
  });
  return { found, unknown, absent: keys.filter((key) => !found.has(key) && !unknown.has(key)) };
}
