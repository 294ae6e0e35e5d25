const MIB = 1024 * 1024;

/**
 * How much is worked on at once, in one place. Two numbers are settings: `concurrency` says how many files a job, or the background
 * upload of fallback files, moves at once; `batchSize` says how many files a job takes up together and stores its progress after.
 */
export const AT_ONCE = {
  /** The background upload of fallback files takes up so many rows together. */
  catchUpBatch: 100,
  /** The background settling of files takes up so many rows together. */
  settlingBatch: 100,
  /** The sweeper asks the ledger for so many names that are due. */
  sweepBatch: 100,
  /** The purge asks the media library about so many buried keys in one question. */
  purgeBatch: 1_000,
  /** A job reads so many files of the media library, or rows of the ledger, in one question. */
  page: 500,
  /** A job looks at so many files on the disk at once, without opening them. */
  stats: 16,

  /** A file of up to so many bytes is small: it is read in one piece. */
  smallBytes: 256 * 1024,
  /**
   * An upload holds so many times more rows in hand than files that move at once. While some small files move, the others' steps in
   * the ledger are taken together. No more rows are in hand than a batch has.
   */
  rowsInHandPerMove: 16,
  /** A small file that comes alone waits so many milliseconds for others that share its step in the ledger. */
  lingerMs: 100,
  /** A larger file waits shorter, because few others move meanwhile. */
  lingerLargeMs: 5,
  /** All larger files in hand hold at most so many bytes in memory, so that each is read from the disk once. */
  heldBytes: 64 * MIB,
} as const;
