import { Readable } from 'node:stream';
import type { Clock } from '../../clock';
import type { Exchange } from './exchange';

/** Longest wait for the buffers between this process and S3 (the kernel's, a proxy's) after the last byte, in milliseconds. */
const MAX_DRAIN_MS = 30_000;
/** Slowest speed at which a server is expected to store the received bytes (hash, replicate, sync), in bytes per millisecond. */
const SERVER_BYTES_PER_MS = 20_000;

/** The part of an SDK command with which a request can be changed just before it is signed and sent. */
interface Sendable {
  middlewareStack: {
    add(
      middleware: (next: (args: { request: unknown }) => Promise<never>) => (args: { request: unknown }) => Promise<never>,
      options: { step: 'finalizeRequest'; name: string },
    ): void;
  };
}

/** A request's body on its way to S3. It reports each step to the exchange, and knows whether S3 can have all bytes. */
export class BytesOut {
  /** True once the last byte was handed to the connection. Before that, S3 cannot have a whole request. */
  complete = false;
  private current: Readable | undefined;

  /** @param chunks yields all `size` bytes from the start each time it is called, and calls `came` for each chunk that it has read */
  constructor(
    private readonly size: number,
    private readonly chunks: (came: () => void) => AsyncIterable<Buffer>,
    private readonly exchange: Exchange,
    private readonly clock: Clock,
  ) {}

  /** The body to give to the SDK, so that it knows that there is one. {@link attach} replaces it. */
  readonly placeholder: Readable = Readable.from([]);

  /**
   * Gives the request a fresh body at the last moment, each time that it is sent. When S3 names another region, the SDK sends the same
   * request there, and the first stream would have ended already.
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
    this.current.on('error', () => undefined); // the exchange has this error already
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
        // bytes that left slowly arrive slowly: the last of them still lie in buffers
        const drainMs = Math.min(clock.elapsed() - startedAt, MAX_DRAIN_MS);
        exchange.progress(drainMs + size / SERVER_BYTES_PER_MS);
        yield chunk;
      }
      if (size === 0) exchange.progress();
    } catch (error) {
      // a stream that fails does not end the request into which it is piped: the request would wait for the rest for ever
      exchange.fail(error);
      throw error;
    }
  }
}
