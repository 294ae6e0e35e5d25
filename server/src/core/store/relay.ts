import { Readable } from 'node:stream';
import type { StorageError } from '../errors';

export interface RelayOptions {
  /** Number of bytes that must come. Fewer or more bytes are an error. */
  length: number;
  /** Turns an error of the source into a StorageError. `undefined` means that more or fewer bytes came than `length`. */
  failure(error: Error | undefined): StorageError;
  /** The relay calls it with true when the reader wants bytes, and with false when the reader has enough for now. */
  waiting?(yes: boolean): void;
  /** The relay calls it once, when the source has ended or was destroyed. */
  closed?(): void;
}

/**
 * Turns a store's own stream into the one that the port promises: its errors are StorageErrors, its length is the announced one, and
 * destroying it destroys the source. It copies no bytes.
 */
export class Relay extends Readable {
  private received = 0;

  constructor(
    private readonly source: Readable,
    private readonly options: RelayOptions,
  ) {
    super();
    source.on('data', (chunk: Buffer) => this.accept(chunk));
    source.on('end', () => this.finish());
    source.on('error', (error) => this.destroy(options.failure(error)));
    // otherwise a source that closes without end or error (an aborted socket) would leave the reader waiting for ever
    source.on('close', () => {
      if (!this.readableEnded && !source.readableEnded) this.destroy(options.failure(new Error('closed early')));
    });
    source.pause();
  }

  private accept(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.received > this.options.length) {
      this.destroy(this.options.failure(undefined));
      return;
    }
    this.options.waiting?.(true); // these bytes are progress: the wait for the next ones begins now
    if (!this.push(chunk)) {
      this.source.pause();
      this.options.waiting?.(false);
    }
  }

  private finish(): void {
    this.options.waiting?.(false);
    if (this.received < this.options.length) this.destroy(this.options.failure(undefined));
    else this.push(null);
  }

  override _read(): void {
    if (this.source.readableEnded) return;
    this.options.waiting?.(true);
    this.source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.options.waiting?.(false);
    this.options.closed?.();
    // an answer that is destroyed half-way emits one more ECONNRESET, which nobody needs: the reader has its error, or wants none
    this.source.on('error', () => undefined);
    this.source.destroy();
    callback(error);
  }
}
