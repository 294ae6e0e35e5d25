import type { ObjectKey, Ticket } from '../keys';
import type { Intent, Publication } from '../ledger/words';

/**
 * The writes and deletes of one request to the media library.
 *
 * - `upload`: fresh keys, live at once; if the request fails they are buried again.
 * - `replace`: an image and its formats become visible together when the request has succeeded, or not at all.
 * - `remove`: tombstones, whose purge becomes due when the request has succeeded.
 */
export class RequestScope {
  state: 'open' | 'succeeded' | 'failed' = 'open';
  readonly staged: Publication[] = [];
  readonly published: ObjectKey[] = [];
  readonly tombstones: ObjectKey[] = [];
  #ticket: Promise<Ticket> | undefined;

  constructor(readonly kind: 'upload' | 'replace' | 'remove') {}

  /**
   * Begins a write under the one ticket of the request: two replaces of the same image must not each win some of its
   * formats. The first to begin draws the ticket; the others wait for that, not for its bytes.
   */
  async begin<T extends Intent>(begin: (ticket: Ticket | undefined) => Promise<T>): Promise<T> {
    if (this.#ticket) return begin(await this.#ticket);
    const first = begin(undefined);
    this.#ticket = first.then((intent) => intent.ticket);
    // the rejection reaches the first writer through `first`; the others see it when they await the ticket
    this.#ticket.catch(() => undefined);
    return first;
  }
}
