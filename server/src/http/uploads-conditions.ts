import type { IncomingHttpHeaders } from 'node:http';
import type { FileFacts, WantedHere } from '../core/media/serving';
import type { ByteRange } from '../core/store/object-store';

/** The validators by which a client tells versions of a file apart. It has them from an earlier answer. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  etag: string;
  /** Undefined if the time is unknown or not safe to compare. */
  modified: Date | undefined;
  /**
   * Whether only the very date counts, as in nginx. The clock of the database tells the date of a file in the ledger, and that of the disk told
   * the date of a plain file that it has replaced: which of two such dates is the earlier one proves nothing.
   */
  isExact?: boolean;
}

export interface Decision {
  status: 200 | 206 | 304 | 412 | 416;
  wanted: WantedHere;
}

/**
 * A date tells two versions apart only if they were made in different seconds. The plugin gives out a date after this time (ms), when no
 * further change can fall into the same second, and every process knows of the last one (see `ROW_TTL_MS`).
 */
const SAFE_AFTER_MS = 4_000;

/** One range of bytes. The unit has no case (RFC 9110, section 14.1). */
const RANGE = /^bytes=(\d*)-(\d*)$/i;
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
/** The forms of a date in RFC 9110, section 5.6.7; `ASCTIME` is the third. A condition with any other date is ignored. */
const DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
];
const SHORT_YEAR = /-(\d{2}) /;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Returns the validators of a file. @param now milliseconds since the epoch */
export function validatorsOf({ etag, modifiedMs, isPlain }: FileFacts, now: number): Validators {
  const known = modifiedMs !== undefined && now - modifiedMs >= SAFE_AFTER_MS;
  return { etag: `"${etag}"`, modified: known ? new Date(Math.floor(modifiedMs / 1000) * 1000) : undefined, isExact: !isPlain };
}

/**
 * Decides how to answer a GET or HEAD of a file. It follows all conditions of RFC 9110 (section 13) in their order, and its rules for
 * ranges (section 14). It serves one range. For several ranges, for other units and for a header that makes no sense it serves the whole
 * file, which the standard allows.
 */
export function decide(method: string, headers: IncomingHttpHeaders, { size, wholeOnly }: Pick<FileFacts, 'size' | 'wholeOnly'>, validators: Validators): Decision {
  const nothing: WantedHere = { bytes: 'none' };
  const unconditional = afterConditions(headers, validators);
  if (unconditional !== 200) return { status: unconditional, wanted: nothing };
  // a range has a meaning in a GET only
  if (method === 'HEAD') return { status: 200, wanted: { bytes: 'check' } };
  const whole: Decision = { status: 200, wanted: { bytes: 'all' } };
  if (headers.range === undefined || wholeOnly || !isCurrentRange(headers['if-range'], validators)) return whole;
  const range = rangeOf(headers.range, size);
  if (!range) return whole;
  return range.start > range.end ? { status: 416, wanted: nothing } : { status: 206, wanted: { bytes: 'range', range } };
}

/**
 * Returns the one range that the header names, within the file. It ends before its start if the file has no such bytes.
 * @returns undefined for any other header, and for the end of an empty file: that is the whole file, and no range can say so
 */
function rangeOf(header: string, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = RANGE.exec(header) ?? [];
  const end = size - 1;
  if (first !== '') return { start: Number(first), end: last === '' ? end : Math.min(Number(last), end) };
  // a suffix that is longer than the file is the whole file
  return last === '' || size === 0 ? undefined : { start: Math.max(0, size - Number(last)), end };
}

/** The entity tag of a 304, in the form that the client has: the weak form, if the client's copy was compressed on the way. */
export function tagOfNotModified(headers: IncomingHttpHeaders, { etag }: Validators): string {
  const tags = tagsOf(headers['if-none-match'] ?? '');
  return !tags.includes(etag) && tags.includes(`W/${etag}`) ? `W/${etag}` : etag;
}

function afterConditions(headers: IncomingHttpHeaders, { etag, modified, isExact }: Validators): 200 | 304 | 412 {
  const ifMatch = headers['if-match'];
  const since = dateOf(headers['if-unmodified-since']);
  // the comparison is strong: a weak tag matches nothing
  if (ifMatch !== undefined) {
    if (!isAny(ifMatch) && !tagsOf(ifMatch).includes(etag)) return 412;
  } else if (since !== undefined && modified !== undefined && !isUnchanged(modified, since, isExact)) return 412;

  const ifNoneMatch = headers['if-none-match'];
  const ifModifiedSince = dateOf(headers['if-modified-since']);
  if (ifNoneMatch !== undefined) {
    return isAny(ifNoneMatch) || tagsOf(ifNoneMatch).some((tag) => tag === etag || tag === `W/${etag}`) ? 304 : 200;
  }
  return ifModifiedSince !== undefined && modified !== undefined && isUnchanged(modified, ifModifiedSince, isExact) ? 304 : 200;
}

/** Whether the bytes are those of the time that the client names. @param since milliseconds since the epoch */
function isUnchanged(modified: Date, since: number, isExact = false): boolean {
  return isExact ? modified.getTime() === since : modified.getTime() <= since;
}

/**
 * Whether `If-Range` allows the range. Without the header it does; with the header the client's part must belong to these very bytes.
 */
function isCurrentRange(ifRange: string | string[] | undefined, { etag, modified }: Validators): boolean {
  if (ifRange === undefined) return true;
  const value = String(ifRange).trim();
  if (/^(?:W\/)?"/.test(value)) return value === etag;
  return modified !== undefined && dateOf(value) === modified.getTime();
}

function isAny(value: string): boolean {
  return value.trim() === '*';
}

function tagsOf(value: string): string[] {
  return value.match(TAG) ?? [];
}

function dateOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (DATES.some((form) => form.test(value))) return numberOf(Date.parse(value.replace(SHORT_YEAR, (_all, digits) => `-${fullYear(Number(digits))} `)));
  return ASCTIME.test(value) ? numberOf(Date.parse(`${value} GMT`)) : undefined;
}

/** Returns the latest year with these 2 digits that lies at most 50 years ahead, as RFC 9110 demands in section 5.6.7. */
function fullYear(digits: number): number {
  const latest = new Date().getUTCFullYear() + 50;
  return latest - ((latest - digits) % 100);
}

function numberOf(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}
