import { Readable } from 'node:stream';
import type { Clock } from '../../clock';
import type { Exchange } from './exchange';

/** Longest that buffers below us (the kernel's, a proxy's) are waited for after the last byte, in milliseconds. */
const MAX_DRAIN_MS = 30_000;
/** How fast a server is expected at least to take in what it received (hash, replicate, sync), in bytes a millisecond. */
const SERVER_BYTES_PER_MS = 20_000;

/** The part of an SDK command that lets a request be changed just before it is signed and sent. */
interface Sendable {
  middlewareStack: {
    add(
      middleware: (next: (args: { request: unknown }) => Promise<never>) => (args: { request: unknown }) => Promise<never>,
      options: { step: 'finalizeRequest'; name: string },
    ): void;
  };
}

/** A request's body on its way to S3: tells the exchange of each step, and knows whether S3 can have all of it. */
export class BytesOut {
  /** True once the last byte was handed to the connection: before, S3 cannot have a whole request. */
  complete = false;
  private current: Readable | undefined;

  /** @param chunks all `size` bytes from the start, each time it is called; it calls `came` for what it has read. */
  constructor(
    private readonly size: number,
    private readonly chunks: (came: () => void) => AsyncIterable<Buffer>,
    private readonly exchange: Exchange,
    private readonly clock: Clock,
  ) {}

  /** To be given to the SDK as the body, so that it knows that there is one; see {@link attach}. */
  readonly placeholder: Readable = Readable.from([]);

  /**
   * Gives the request its body at the last moment, afresh each time: when S3 names another region, the SDK sends the
   * same request there, with a stream that would have ended already.
   */
  attach(command: unknown): void {
    (command as Sendable).middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: unknown }).body = this.open();
        return next(args);
      },
      { step: 'finalizeRequest', name: 's3StorageFreshBody' },
    );
  }

  destroy(): void {
    this.current?.destroy();
  }

  private open(): Readable {
    this.destroy();
    this.complete = this.size === 0;
    this.current = Readable.from(this.watched(), { objectMode: false, highWaterMark: 1 });
    this.current.on('error', () => undefined); // the exchange was told already
    return this.current;
  }

  private async *watched(): AsyncGenerator<Buffer> {
    const { exchange, clock, size } = this;
    const startedAt = clock.elapsed();
    let sent = 0;
    try {
      exchange.expectBody();
      for await (const chunk of this.chunks(() => exchange.expectBody())) {
        sent += chunk.length;
        if (sent < size) {
          exchange.progress();
          yield chunk;
          exchange.expectBody();
          continue;
        }
        this.complete = true;
        // what was slow to leave us is slow to arrive: the last of it still lies in buffers
        const drainMs = Math.min(clock.elapsed() - startedAt, MAX_DRAIN_MS);
        exchange.progress(drainMs + size / SERVER_BYTES_PER_MS);
        yield chunk;
      }
      if (size === 0) exchange.progress();
    } catch (error) {
      // a stream that fails does not end the request that it is piped into: that would wait for the rest for ever
      exchange.fail(error);
      throw error;
    }
  }
}
