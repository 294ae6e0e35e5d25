import { Readable } from 'node:stream';
import type { StorageError } from '../errors';

export interface RelayOptions {
  /** Bytes that must come; fewer or more is an error. */
  length: number;
  /** What went wrong, in the store's terms; `undefined`: another number of bytes came than `length`. */
  failure(error: Error | undefined): StorageError;
  /** Called when the reader wants bytes, and (with false) when it has as many as it wants for now. */
  waiting?(yes: boolean): void;
  /** Called once, when the source is done with or destroyed. */
  closed?(): void;
}

/**
 * A store's own stream, as the port promises it: errors are StorageErrors, the length is the announced one, and
 * destroying it destroys the source. No bytes are copied.
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
    // a source that is closed without end or error (an aborted socket) would else leave the reader waiting for ever
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
    this.options.waiting?.(true); // what came is progress: the wait for the next bytes begins now
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
    // an answer that is destroyed half-way reports ECONNRESET once more: said already, or not of interest
    this.source.on('error', () => undefined);
    this.source.destroy();
    callback(error);
  }
}
