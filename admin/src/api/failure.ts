import type { MoveCounts, Tally } from '../../../server/src/contracts/api';
import type { FieldError } from '../../../server/src/contracts/settings';

/** A refused or failed call, as far as the panel needs to know it. */
export interface Failure {
  code: string | null;
  message: string | null;
  fields: FieldError[];
  /** The counts of a change of place that somebody has to confirm first. */
  counts: MoveCounts | null;
  /** The call was cancelled because the page was left: nobody is there to be told. */
  aborted: boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

const isFieldError = (value: unknown): value is FieldError =>
  isRecord(value) && typeof value.path === 'string' && typeof value.message === 'string';

const isTally = (value: unknown): value is Tally => isRecord(value) && typeof value.count === 'number' && typeof value.bytes === 'number';

function countsOf(details: unknown): MoveCounts | null {
  const staying = at(details, 'staying');
  const outOfSight = at(details, 'outOfSight');
  return isTally(staying) && isTally(outOfSight) ? { staying, outOfSight } : null;
}

/** Reads Strapi's FetchError without trusting its shape: a proxy in between may have answered something else. */
export function readFailure(error: unknown): Failure {
  const details = at(error, 'response', 'data', 'error', 'details');
  const fields = at(details, 'fields');
  return {
    code: textOf(at(details, 'code')),
    message: textOf(at(error, 'response', 'data', 'error', 'message')),
    fields: Array.isArray(fields) ? fields.filter(isFieldError) : [],
    counts: countsOf(details),
    aborted: at(error, 'name') === 'AbortError',
  };
}
