import { ERRORS, type ErrorCode } from '../contracts/errors';

/** Longest text of foreign origin that is kept in an error or written to a log, in characters. */
const FOREIGN_TEXT_LIMIT = 200;

/** A name or a provider's message, safe to log: no control characters (no forged log lines), of bounded length. */
export function printable(text: string, limit = FOREIGN_TEXT_LIMIT): string {
  // C0, DEL, C1 and the Unicode line and bidi controls
  const clean = text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�');
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

export interface StorageErrorFacts {
  /** What was tried, in one word: `put`, `get`, `head`, `delete`, … */
  operation?: string;
  /** The object key or name it was tried on. */
  subject?: string;
  /** HTTP status of S3's answer, where there was one. */
  status?: number;
  /** The provider's own words, for the log. */
  detail?: string;
  /**
   * What may be shown to whoever has asked for a connection test of an address that they typed in: S3's own words, or the
   * kind of the failure. Never an address, and nothing that another service of the internal network has said.
   */
  quote?: string;
  /**
   * True when S3 surely did not and will not apply the request (it answered with a refusal, or no connection was
   * made); false when it may still take effect. A PUT of unknown outcome must not be repeated under the same name.
   */
  refused?: boolean;
  cause?: unknown;
}

/** The one error that stores, ledger and engine throw. Policies decide on `code`; people read `message` and `hint`. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly operation: string | undefined;
  readonly subject: string | undefined;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly quote: string | undefined;
  readonly refused: boolean;

  constructor(
    readonly code: ErrorCode,
    facts: StorageErrorFacts = {},
  ) {
    const what = facts.operation ? `${facts.operation}${facts.subject ? ` "${printable(facts.subject)}"` : ''}: ` : '';
    const detail = facts.detail === undefined ? undefined : printable(facts.detail);
    super(`${what}${ERRORS[code].message}${detail ? ` (${detail})` : ''}`, { cause: facts.cause });
    this.operation = facts.operation;
    this.subject = facts.subject;
    this.status = facts.status;
    this.detail = detail;
    this.quote = facts.quote === undefined ? undefined : printable(facts.quote);
    this.refused = facts.refused ?? false;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }
}

/** Whether it is a StorageError, and, where codes are given, one of those. */
export function isStorageError<C extends ErrorCode>(error: unknown, ...codes: C[]): error is StorageError & { readonly code: C } {
  return error instanceof StorageError && (codes.length === 0 || (codes as ErrorCode[]).includes(error.code));
}

/** Longest message of an error of somebody else's that is logged, in characters; and how many frames of its stack. */
const LOGGED_MESSAGE_LIMIT = 1_000;
const LOGGED_FRAMES = 12;

/** Whatever was thrown, for the log: its message in one line of bounded length, and below it where it came from. */
export function described(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error), LOGGED_MESSAGE_LIMIT);
  const { name, message, stack = '' } = error;
  // behind the message, which may look like a frame
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n').filter((line) => line.startsWith('    at '));
  const below = frames.slice(0, LOGGED_FRAMES).map((line) => printable(line, LOGGED_MESSAGE_LIMIT));
  return [printable(`${name}: ${message}`, LOGGED_MESSAGE_LIMIT), ...below].join('\n');
}

/** Failures that may pass by themselves: worth another attempt, and a reason for the breaker to open. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNREACHABLE', 'TIMEOUT', 'SERVER_ERROR', 'THROTTLED']);

export function isTransient(error: unknown): error is StorageError {
  return error instanceof StorageError && TRANSIENT.has(error.code);
}

/** Codes with which S3 was not there to answer, or was not to be waited for. */
export function tellsNoAnswer(code: ErrorCode): boolean {
  return TRANSIENT.has(code) || code === 'CIRCUIT_OPEN' || code === 'ABORTED';
}

/** Whether S3 was not there to answer, or was not to be waited for: that says nothing of what was asked. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof StorageError && tellsNoAnswer(error.code);
}

/** What is the matter with S3 as a whole, or with the way there: a file that met one of these waits for S3, and has not failed itself. */
export const TROUBLES_OF_S3: readonly ErrorCode[] = [
  ...TRANSIENT, 'CIRCUIT_OPEN', 'ABORTED', 'TLS_FAILED', 'NOT_S3', 'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW',
  'BUCKET_NOT_FOUND', 'WRONG_REGION', 'UNSUPPORTED',
];

/** Whether a row whose last attempt ended with `code` has failed by itself: somebody may have to do something about it. */
export function isOwnFailure(code: ErrorCode | null): boolean {
  return code !== null && !TROUBLES_OF_S3.includes(code);
}

/** The code to count, store or show for whatever was thrown. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof StorageError ? error.code : 'INTERNAL';
}
