import { ERRORS, type ErrorCode } from '../contracts/errors';

/** Greatest length of a foreign text in an error or in the log, in characters. */
const FOREIGN_TEXT_LIMIT = 200;

/** Makes a name or a provider's message safe to log: without control characters, which could forge log lines, and of bounded length. */
export function printable(text: string, limit = FOREIGN_TEXT_LIMIT): string {
  // these are C0, DEL, C1, and the Unicode controls for lines and for the direction of text
  const clean = text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�');
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

export interface StorageErrorFacts {
  /** The failed operation in one word: `put`, `get`, `head`, `delete`, … */
  operation?: string;
  /** The key or the name that the operation was for. */
  subject?: string;
  /** HTTP status of S3's answer; undefined if S3 did not answer. */
  status?: number;
  /** The provider's own words, for the log. */
  detail?: string;
  /**
   * The text that a connection test may show to somebody who typed in an address: S3's own words, or the kind of the failure.
   * It never contains an address or the words of another service in the internal network.
   */
  quote?: string;
  /**
   * True if S3 surely did not and will not apply the request: it refused the request, or there was no connection. False if the
   * request may still take effect. Nobody may repeat a PUT of unknown outcome under the same name.
   */
  refused?: boolean;
  cause?: unknown;
}

/** The one error that stores, ledger and engine throw. Code decides by `code`; people read `message` and `hint`. */
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

/** Whether `error` is a StorageError. If codes are given, it must also have one of them. */
export function isStorageError<C extends ErrorCode>(error: unknown, ...codes: C[]): error is StorageError & { readonly code: C } {
  return error instanceof StorageError && (codes.length === 0 || (codes as ErrorCode[]).includes(error.code));
}

/** Greatest length of a foreign error's message in the log, in characters. */
const LOGGED_MESSAGE_LIMIT = 1_000;
/** Greatest number of stack frames in the log. */
const LOGGED_FRAMES = 12;

/** Describes a thrown value for the log: its message in one line of bounded length, and the stack frames below it. */
export function described(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error), LOGGED_MESSAGE_LIMIT);
  const { name, message, stack = '' } = error;
  // the search begins behind the message, because the message itself may look like a frame
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n').filter((line) => line.startsWith('    at '));
  const below = frames.slice(0, LOGGED_FRAMES).map((line) => printable(line, LOGGED_MESSAGE_LIMIT));
  return [printable(`${name}: ${message}`, LOGGED_MESSAGE_LIMIT), ...below].join('\n');
}

/** Failures that may pass by themselves. They are worth another attempt, and open the breaker. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNREACHABLE', 'TIMEOUT', 'SERVER_ERROR', 'THROTTLED']);

export function isTransient(error: unknown): error is StorageError {
  return error instanceof StorageError && TRANSIENT.has(error.code);
}

/** Whether `code` says that S3 gave no answer, or that nobody waited for its answer. */
export function tellsNoAnswer(code: ErrorCode): boolean {
  return TRANSIENT.has(code) || code === 'CIRCUIT_OPEN' || code === 'OWNER_UNKNOWN' || code === 'ABORTED';
}

/** Whether S3 gave no answer, or nobody waited for it. Such an error says nothing about the object in question. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof StorageError && tellsNoAnswer(error.code);
}

/** Failures of S3 as a whole, or of the connection to it. A file that met one of them waits for S3, and has not failed itself. */
export const TROUBLES_OF_S3: readonly ErrorCode[] = [
  ...TRANSIENT, 'CIRCUIT_OPEN', 'ABORTED', 'TLS_FAILED', 'NOT_S3', 'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW',
  'BUCKET_NOT_FOUND', 'WRONG_REGION', 'UNSUPPORTED',
];

/** Whether a row whose last attempt ended with `code` has failed by itself. Somebody may then have to act. */
export function isOwnFailure(code: ErrorCode | null): boolean {
  return code !== null && !TROUBLES_OF_S3.includes(code);
}

/** Returns the code to count, store or show for a thrown value. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof StorageError ? error.code : 'INTERNAL';
}
