import { withHeartbeat } from '../heartbeat';
import { ERRORS } from '../../contracts/errors';
import type { Clock } from '../clock';
import { isNoAnswer, isStorageError, StorageError } from '../errors';
import { plainObjectName, type ObjectKey, type Ticket } from '../keys';
import type { LedgerWrites } from '../ledger/writes';
import type { BeginOptions, IntentOf, LocationId } from '../ledger/words';
import type { CircuitBreaker } from '../store/resilience/breaker';
import { isOutage } from '../store/resilience/breaker-state';
import { DEFAULT_BUDGET_MS, isRetryable, retry, type RetryPolicy } from '../store/resilience/retry';
import { isPage } from '../store/resilience/write-lane';
import type { OverwriteRefusal } from '../store/overwriting';
import { ONE_REQUEST_BYTES, type Body, type CopySource, type ObjectFacts, type ObjectStore } from '../store/object-store';
import { prove, type ProofMemory } from './proof';

/** The part of the ledger that a write needs before it publishes. */
export type WriteLedger = Pick<LedgerWrites, 'begin' | 'touch' | 'abandon' | 'forget'>;

/** The writable bucket: the present one, with everything that a write to it needs. */
export interface WritableBucket {
  /** The store with breaker and retries. It does not repeat a `put`; {@link send} does. */
  readonly store: ObjectStore;
  readonly breaker: CircuitBreaker;
  readonly retryPolicy: RetryPolicy;
  readonly locationId: LocationId;
  readonly prefix: string;
  readonly cacheControl: string | null;
  readonly proof: ProofMemory;
  /** Whether S3 surely refuses to overwrite. Then nobody has to ask beforehand what lies under a plain name. */
  readonly overwriting: OverwriteRefusal;
  /** {@link send} calls it for every body that was stored and proven. */
  onSent(): void;
  /** {@link send} calls it with the error when a body for which nobody waits could not be stored. */
  onFailed?(error: StorageError): void;
}

export interface Sent {
  intent: IntentOf<'object'>;
  etag: string | null;
}

export interface SendOptions extends BeginOptions {
  mime: string | null;
  /** Whether an earlier PUT has spent the plain object name. */
  plainUsed?: boolean;
  /** The intent of the first attempt, where the ledger has it already. From now on {@link send} owns it, and ends it in any case. */
  begun?: IntentOf<'object'>;
  /**
   * Whether the library surely has no bytes of the key yet. Only then may a write spend the plain name without a look at what lies under it: the
   * object there may be the only copy of a file that the library lists, and that nobody has adopted so far.
   */
  fresh?: boolean;
  /** Nobody has checked what lies under that name. S3 refuses the PUT if it would overwrite, and the next attempt uses another name. */
  onlyIfAbsent?: boolean;
  /** An object with the same bytes that S3 may copy, see {@link PutOptions.copyOf}. */
  copyOf?: CopySource;
  /** Nobody waits for the result, so every attempt may last as long as the store's own timeouts allow. */
  background?: boolean;
  /** Whether this upload may be a trial while S3 takes no uploads, see `WriteLane`. The default is {@link background}. */
  mayTry?: boolean;
  signal?: AbortSignal;
}

/** Interval at which a pending name is touched while its bytes travel, in milliseconds. */
const TOUCH_INTERVAL_MS = 60_000;

/**
 * Puts a body into S3 under a name that no other write uses, and proves it. The policy limits the number of attempts. After an attempt
 * whose outcome is unknown, the function abandons the name, because the PUT may land late and overwrite, and the next attempt gets
 * another name. After a definite refusal, the next attempt uses the same name.
 *
 * @returns the intent under which the proven bytes lie. It is still pending, and the caller publishes or abandons it.
 * @throws StorageError when S3 could not take the body; FILE_REFUSED or TOO_LARGE when only this body is the reason. Every name that may
 *   hold bytes is condemned then. Any other error is a failure of the ledger.
 */
export async function send(
  deps: { ledger: WriteLedger; clock: Clock },
  bucket: WritableBucket,
  key: ObjectKey,
  body: Body,
  options: SendOptions,
): Promise<Sent> {
  const { ledger, clock } = deps;
  const { writes } = bucket.breaker;
  const knownToFail = writes.hasFailed(body);
  const budgetMs = options.background ? Infinity : (bucket.retryPolicy.budgetMs ?? DEFAULT_BUDGET_MS);
  const startedAt = clock.elapsed();
  let intent = options.begun;
  let ticket: Ticket | undefined = options.ticket;
  const plain = plainObjectName(bucket.prefix, key);
  let unasked = options.onlyIfAbsent ?? false;
  let isAgain = false;
  try {
    // this comes before any request to S3 or the ledger, so that an upload costs nothing while S3 takes none
    writes.enter(key, body, options.mayTry ?? options.background ?? false);
    let plainFree = !intent && !options.plainUsed;
    if (plainFree) {
      unasked = goesUnasked(bucket, body, options);
      plainFree = unasked || (await isFree(bucket.store, plain, options.signal));
    }
    return await retry(
      { ...bucket.retryPolicy, budgetMs: budgetMs - (clock.elapsed() - startedAt) },
      clock,
      async (_attempt, signal, patienceMs) => {
        const own = (intent ??= await ledger.begin(
          { kind: 'object', key, locationId: bucket.locationId, prefix: bucket.prefix, plainFree, content: { size: body.size, md5: body.md5 } },
          { ticket, found: options.found, known: isAgain || options.known },
        ));
        isAgain = true;
        ticket = own.ticket;
        let stored = false;
        try {
          const facts = await keepingAlive(ledger, own, async () => {
            const answered = await bucket.store.put(own.name, body, {
              contentType: options.mime ?? undefined,
              cacheControl: bucket.cacheControl ?? undefined,
              // guard: unasked-put-only-if-absent
              onlyIfAbsent: unasked && own.name === plain,
              copyOf: options.copyOf,
              signal,
              patienceMs,
            });
            // from here on a refusal concerns the proof: the bytes are in S3
            stored = true;
            return prove(bucket.store, own.name, body, answered, { signal, patienceMs, memory: options.background ? bucket.proof : undefined });
          });
          bucket.onSent();
          return { intent: own, etag: facts.etag };
        } catch (error) {
          if (stored || mayLandLate(error)) {
            // this comes first: if the ledger fails, the name stays pending, and must not count as one that holds nothing
            // guard: burnt-name-not-forgotten
            intent = undefined;
            await ledger.abandon([own]);
          } else if (isStorageError(error, 'NAME_TAKEN')) {
            // somebody else's bytes lie there and must not be condemned
            intent = undefined;
            await ledger.forget(own);
          }
          throw error;
        }
      },
      {
        signal: options.signal,
        isRetryable: (error) => isStorageError(error, 'NAME_TAKEN') || (!knownToFail && goesOn(bucket) && (isRetryable(error) || isStorageError(error, 'INTEGRITY'))),
      },
    );
  } catch (error) {
    // S3 has refused every attempt under this name: it holds no bytes, so there is nothing to sweep
    if (intent) await ledger.forget(intent);
    const failure = await judged(bucket, key, body, error, options.signal);
    if (options.background && failure instanceof StorageError) bucket.onFailed?.(failure);
    throw failure;
  } finally {
    writes.leave(body);
  }
}

/** Whether the first PUT of a key says that nothing may lie under the plain name, and nobody looks beforehand. */
function goesUnasked(bucket: WritableBucket, body: Body, { fresh = false }: SendOptions): boolean {
  // guard: listed-key-is-asked-for
  if (!fresh) return false;
  // while S3 is away, the look ends the upload before the ledger is written to
  return bucket.overwriting.isSure && goesOn(bucket) && body.size <= ONE_REQUEST_BYTES;
}

/** Whether a failed PUT may have stored its bytes, or may still do so. */
function mayLandLate(error: unknown): boolean {
  // guard: unknown-outcome-burns-the-name
  return !(error instanceof StorageError && error.refused);
}

function goesOn({ breaker }: WritableBucket): boolean {
  return breaker.state.kind === 'closed' && breaker.writes.state.kind === 'closed';
}

/** Longest wait for an answer that shows that S3 as a whole works, after it has refused one body, in milliseconds. */
const SOUND_WITHIN_MS = 1_000;

/**
 * Returns the failure, as FILE_REFUSED where only this body is the reason. That is so where a firewall or S3 has refused the body, or its
 * connections keep breaking although other bodies pass, and where S3 still answers another request.
 */
async function judged(bucket: WritableBucket, key: ObjectKey, body: Body, error: unknown, signal?: AbortSignal): Promise<unknown> {
  if (!(error instanceof StorageError) || error.operation !== 'put' || !goesOn(bucket)) return error;
  const { status = 0 } = error;
  const saidNo = isPage(error) && status >= 400 && status < 500;
  const failsAlone = isOutage(error) && bucket.breaker.writes.failsAlone(body);
  if ((!saidNo && !failsAlone) || !(await isSound(bucket, plainObjectName(bucket.prefix, key), signal))) return error;
  const { refused, detail = ERRORS[error.code].message } = error;
  return new StorageError('FILE_REFUSED', { operation: 'put', subject: key, status: error.status, detail, refused, cause: error });
}

async function isSound({ store }: WritableBucket, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await store.head(name, { signal, patienceMs: SOUND_WITHIN_MS });
    return true;
  } catch (error) {
    return isStorageError(error, 'OBJECT_NOT_FOUND', 'ACCESS_DENIED');
  }
}

/**
 * Whether nothing lies under a name. Where S3 does not tell (403 without the right to list), the function returns false. Then the write
 * takes an own name, so that it does not risk an object that the plugin does not know.
 */
async function isFree(store: ObjectStore, name: string, signal?: AbortSignal): Promise<boolean> {
  const seen = await seenUnder(store, name, signal);
  // guard: foreign-object-not-overwritten
  return seen === 'nothing';
}

/** Returns the facts of the object under a name, as far as S3 tells them. @throws StorageError when S3 is away */
export async function seenUnder(store: ObjectStore, name: string, signal?: AbortSignal): Promise<ObjectFacts | 'nothing' | 'unknown'> {
  try {
    return await store.head(name, { signal });
  } catch (error) {
    if (isStorageError(error, 'OBJECT_NOT_FOUND')) return 'nothing';
    if (isNoAnswer(error)) throw error;
    return 'unknown';
  }
}

function keepingAlive<T>(ledger: WriteLedger, intent: IntentOf<'object'>, work: () => Promise<T>): Promise<T> {
  // a failed touch does no harm by itself: the name stays pending for 24 hours, and publishing checks it again
  return withHeartbeat(TOUCH_INTERVAL_MS, () => void ledger.touch([intent]).catch(() => undefined), work);
}
