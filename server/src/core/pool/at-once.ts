const MIB = 1024 * 1024;

/**
 * All numbers that say how much is worked on at once. Two more numbers are settings: `concurrency` is the largest number of files that a
 * job, or the catch-up, moves at once; `batchSize` is the number of files that a job claims together, and after which it stores its
 * progress.
 */
export const AT_ONCE = {
  /** Number of rows that the catch-up claims together. */
  catchUpBatch: 100,
  /** Number of rows that housekeeping reads together to settle them. */
  settlingBatch: 100,
  /** Number of due names that the sweeper gets from the ledger in one question. */
  sweepBatch: 100,
  /** Number of buried keys that the purge asks the media library about in one question. */
  purgeBatch: 1_000,
  /** Number of files of the media library, or of rows of the ledger, that a job reads in one question. */
  page: 500,
  /** Number of objects that a job asks for in one listing. S3 lists up to 1,000, whose XML takes the process 100 ms to read. */
  listed: 400,
  /** Number of files on the disk whose size a job looks up at once, without opening them. */
  stats: 16,

  /** Largest size of a small file, in bytes. A small file is read in one piece. */
  smallBytes: 256 * 1024,
  /**
   * Number of rows that an upload works on for each file that moves. While some small files move, the ledger steps of the others are
   * done together. An upload never works on more rows than a batch has.
   */
  rowsInHandPerMove: 16,
  /** How long a small file waits for others to share a ledger step, in milliseconds. */
  lingerMs: 100,
  /** The same for a larger file, in milliseconds. It is shorter, because few others move meanwhile. */
  lingerLargeMs: 5,
  /** How long a file that was cleaned up or fetched waits for others to share a ledger step, in milliseconds. */
  lingerMovedMs: 20,
  /** Number of files that a job sends in parts at once; the memory of each is that of four parts. */
  sentInParts: 4,
  /** Number of condemned files that the sweeper removes at once. */
  removals: 8,
  /**
   * Memory for the larger files of one upload job, and the same for all uploads of editors together, in bytes. A file that is held there is
   * read from the disk only once.
   */
  heldBytes: 64 * MIB,
  /** Largest size of an editor's upload that is held, in bytes: photos with their formats, and most documents. */
  heldUploadBytes: 8 * MIB,
} as const;

/** Returns the number of rows that a job works on at once while it moves up to `concurrency` files. */
export function rowsInHand({ concurrency, batchSize }: { concurrency: number; batchSize: number }): number {
  return Math.min(concurrency * AT_ONCE.rowsInHandPerMove, batchSize);
}
