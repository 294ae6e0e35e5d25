import { z } from 'zod';

import type { ErrorCode } from './errors';
import { FINDING_KINDS } from './jobs';
import { fieldErrors, type Checked } from './schemas';

/**
 * Where a file is, as the ledger has it. `lost`: an audit has proven that the bytes are nowhere. `missing`: the media library lists the
 * file, and the plugin found it neither on disk nor in the bucket. `trash`: somebody deleted the file, and its bytes are still there.
 */
export const OBJECT_STATES = ['local', 'both', 'remote', 'lost', 'missing', 'trash'] as const;
export type ObjectState = (typeof OBJECT_STATES)[number];

export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;
/** Far beyond the pages of any library, and small enough for exact products of two numbers. */
const MAX_PAGE = 1_000_000;

const count = (maximum: number, standard: number) => {
  const error = `must be a whole number from 1 to ${maximum}`;
  return z.string({ error }).regex(/^\d{1,7}$/, { error }).transform(Number).pipe(z.int().min(1, { error }).max(maximum, { error })).default(standard);
};

const flag = () => z.enum(['true', 'false'], { error: 'must be true or false' }).transform((text) => text === 'true').default(false);

const reportSchema = z.strictObject({
  kind: z.enum(FINDING_KINDS, { error: `must be one of ${FINDING_KINDS.join(', ')}` }).optional(),
  page: count(MAX_PAGE, 1),
  pageSize: count(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
});

const querySchema = z.strictObject({
  state: z.enum(OBJECT_STATES, { error: `must be one of ${OBJECT_STATES.join(', ')}` }).optional(),
  failed: flag(),
  stranded: flag(),
  page: count(MAX_PAGE, 1),
  pageSize: count(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
});

/** Query of `GET /objects`. `failed` and `stranded` limit the list to such files if they are true. */
export type ObjectsQuery = z.output<typeof querySchema>;

/** Checks a query and adds the defaults. Never throws. */
export function parseObjectsQuery(query: unknown): Checked<ObjectsQuery> {
  const parsed = querySchema.safeParse(query);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error, 'is not a parameter') };
}

/** Query of `GET /jobs/:name/report`. */
export type ReportQuery = z.output<typeof reportSchema>;

/** Checks the query of a report and adds the defaults. Never throws. */
export function parseReportQuery(query: unknown): Checked<ReportQuery> {
  const parsed = reportSchema.safeParse(query);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error, 'is not a parameter') };
}

/** One file as the ledger knows it. */
export interface ObjectEntry {
  key: string;
  state: ObjectState;
  /** Origin of the bytes: `library`, `upload`, `fallback` or `read-only`. */
  origin: string;
  /** Size in bytes; 0 for a missing file. */
  size: number;
  mime: string | null;
  /** Number of attempts to move the file that failed in a row. */
  attempts: number;
  lastError: { code: ErrorCode; message: string; hint: string } | null;
  /** The disk that has a copy; null if none has. */
  volume: string | null;
  /** The only copy is on a disk that has vanished. */
  stranded: boolean;
  rev: number;
}

/** Answer of `GET /objects`. The order is fixed: a file keeps its place in it, whatever happens to the file. */
export interface ObjectsAnswer {
  results: ObjectEntry[];
  pagination: { page: number; pageSize: number; total: number };
}
