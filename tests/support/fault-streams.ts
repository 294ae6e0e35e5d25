import { Transform, type TransformCallback } from 'node:stream';

/** Changes one byte of what passes. */
export class Flip extends Transform {
  private at = 0;
  constructor(private readonly target: number) {
    super();
  }
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const offset = this.target - this.at;
    this.at += chunk.length;
    if (offset < 0 || offset >= chunk.length) return done(null, chunk);
    const changed = Buffer.from(chunk);
    changed[offset]! ^= 0xff;
    done(null, changed);
  }
}

/** Lets the first `bytes` bytes pass, then calls `full` and swallows the rest. */
export class Limit extends Transform {
  private left: number;
  constructor(
    bytes: number,
    private readonly full: () => void,
  ) {
    super();
    this.left = bytes;
  }
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed = chunk.subarray(0, this.left);
    this.left -= passed.length;
    if (passed.length > 0) this.push(passed);
    if (this.left === 0) this.full();
    else done();
  }
}
