import { z } from 'zod';

import type { ErrorCode } from './errors';
import { FINDING_KINDS } from './jobs';
import { fieldErrors, type Checked } from './schemas';

/**
 * Where a file is, as the ledger has it; `lost`: its bytes are nowhere, as an audit has proven; `missing`: the media library
 * lists it, and it was found neither on disk nor in the bucket; `trash`: deleted, its bytes not yet removed.
 */
export const OBJECT_STATES = ['local', 'both', 'remote', 'lost', 'missing', 'trash'] as const;
export type ObjectState = (typeof OBJECT_STATES)[number];

export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;
/** Beyond any library, and far from where a product of two numbers loses digits. */
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

/** Query of `GET /objects`. `failed` and `stranded` narrow the list where they are true. */
export type ObjectsQuery = z.output<typeof querySchema>;

/** Checks and completes a query string's values; never throws. */
export function parseObjectsQuery(query: unknown): Checked<ObjectsQuery> {
  const parsed = querySchema.safeParse(query);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error, 'is not a parameter') };
}

/** Query of `GET /jobs/:name/report`. */
export type ReportQuery = z.output<typeof reportSchema>;

/** The same of a report's query. */
export function parseReportQuery(query: unknown): Checked<ReportQuery> {
  const parsed = reportSchema.safeParse(query);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error, 'is not a parameter') };
}

/** One file of the ledger. */
export interface ObjectEntry {
  key: string;
  state: ObjectState;
  /** Where the bytes came from: `library`, `upload`, `fallback` or `read-only`. */
  origin: string;
  /** Bytes; 0 for a missing file. */
  size: number;
  mime: string | null;
  /** Attempts to move it that failed in a row. */
  attempts: number;
  lastError: { code: ErrorCode; message: string; hint: string } | null;
  /** The disk that has a copy. */
  volume: string | null;
  /** The only copy is on a disk that has not been seen for a while. */
  stranded: boolean;
  rev: number;
}

/** Answer of `GET /objects`. The order is fixed: no file changes its place in it, whatever happens to the file. */
export interface ObjectsAnswer {
  results: ObjectEntry[];
  pagination: { page: number; pageSize: number; total: number };
}
