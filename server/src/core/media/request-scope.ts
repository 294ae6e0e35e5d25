import type { ObjectKey, Ticket } from '../keys';
import type { Intent, Publication } from '../ledger/words';

/**
 * The writes and deletions of one request to the media library.
 *
 * - `upload`: the keys are fresh, and each is published at once; if the request fails, they are buried.
 * - `replace`: an image and its formats become visible together when the request has succeeded, or not at all.
 * - `remove`: the keys are buried at once, and their purge becomes due when the request has succeeded.
 */
export class RequestScope {
  state: 'open' | 'succeeded' | 'failed' = 'open';
  readonly staged: Publication[] = [];
  readonly published: ObjectKey[] = [];
  readonly tombstones: ObjectKey[] = [];
  #ticket: Promise<Ticket> | undefined;

  constructor(readonly kind: 'upload' | 'replace' | 'remove') {}

  /**
   * Begins a write under the one ticket of the request, so that of two replacements of an image one wins all formats. The first write
   * draws the ticket; the others wait for the ticket, but not for the bytes of the first one.
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
