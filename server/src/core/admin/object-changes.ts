import { parseKeys, type KeysAnswer } from '../../contracts/jobs';
import { parseKey, type ObjectKey } from '../keys';
import type { RowCache } from '../media/row-cache';
import { RequestRefused } from '../refused';

/** What the ledger does to single files, or to all that it concerns; each resolves with how many there were. */
export interface ObjectMoves {
  /** Failed ones are tried again, as if for the first time. */
  retry(keys: readonly ObjectKey[] | 'all'): Promise<number>;
  /** Those in the trash are live again. */
  untrash(keys: readonly ObjectKey[] | 'all'): Promise<number>;
}

/**
 * What the routes that change `/objects` do. Bodies come unchecked.
 * @throws RequestRefused INVALID_QUERY for a bad one; StorageError INVALID_KEY. Nothing is changed then
 */
export class ObjectChanges {
  /** @param onChange there may be something to do now */
  constructor(
    private readonly moves: ObjectMoves,
    private readonly rows: Pick<RowCache, 'forget'>,
    private readonly onChange: () => void,
  ) {}

  retry(body: unknown): Promise<KeysAnswer> {
    return this.#change(body, (keys) => this.moves.retry(keys));
  }

  untrash(body: unknown): Promise<KeysAnswer> {
    return this.#change(body, (keys) => this.moves.untrash(keys));
  }

  async #change(body: unknown, move: (keys: ObjectKey[] | 'all') => Promise<number>): Promise<KeysAnswer> {
    const parsed = parseKeys(body);
    if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
    const keys = 'all' in parsed.value ? 'all' : parsed.value.keys.map(parseKey);
    const count = await move(keys);
    if (keys !== 'all') this.rows.forget(keys);
    this.onChange();
    return { count };
  }
}
