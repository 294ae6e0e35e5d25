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
import type { Body, ObjectFacts, ObjectStore } from '../store/object-store';
import { prove, type ProofMemory } from './proof';

/** What a write needs of the ledger before it publishes. */
export type WriteLedger = Pick<LedgerWrites, 'begin' | 'touch' | 'abandon' | 'forget'>;

/** S3 as this instance may change it now. */
export interface Cloud {
  /** With breaker and retries; its `put` is tried once, see {@link send}. */
  readonly store: ObjectStore;
  readonly breaker: CircuitBreaker;
  readonly retryPolicy: RetryPolicy;
  readonly locationId: LocationId;
  readonly prefix: string;
  readonly cacheControl: string | null;
  readonly proof: ProofMemory;
  /** Called for every body that was stored and proven. */
  onSent(): void;
  /** Called with what kept a body that nobody waits for from being stored. */
  onFailed?(error: StorageError): void;
}

export interface Sent {
  intent: IntentOf<'object'>;
  etag: string | null;
}

export interface SendOptions extends BeginOptions {
  mime: string | null;
  /** The plain object name was spent by an earlier PUT. */
  plainUsed?: boolean;
  /** The name of the first attempt, where it is recorded already. It is this function's from now on, whatever comes of it. */
  begun?: IntentOf<'object'>;
  /** Nobody has looked what lies under that name: S3 is to refuse the PUT if it would overwrite, and the next name is another. */
  onlyIfAbsent?: boolean;
  /** Nobody waits for it: every attempt may last as long as the store's own timeouts allow. */
  background?: boolean;
  /** Where S3 takes no uploads, it may be the one that finds out whether it does again. Default: whether nobody waits for it. */
  mayTry?: boolean;
  signal?: AbortSignal;
}

/** How often a pending name is touched while its bytes travel. */
const TOUCH_INTERVAL_MS = 60_000;

/**
 * Puts a body into S3 under a name of its own and proves it, with the policy's number of attempts in all. After an
 * attempt whose outcome is unknown the name is burnt (it may land late and overwrite) and the next attempt draws another;
 * a definite refusal keeps the name.
 *
 * @returns the intent under which the proven bytes lie, still pending: publish or abandon it
 * @throws StorageError when S3 could not take it, FILE_REFUSED or TOO_LARGE where that is this body's own trouble; no name that may
 *   hold bytes stays uncondemned. Anything else thrown is the ledger's own failure.
 */
export async function send(
  deps: { ledger: WriteLedger; clock: Clock },
  cloud: Cloud,
  key: ObjectKey,
  body: Body,
  options: SendOptions,
): Promise<Sent> {
  const { ledger, clock } = deps;
  const { writes } = cloud.breaker;
  const knownToFail = writes.hasFailed(body);
  const budgetMs = options.background ? Infinity : (cloud.retryPolicy.budgetMs ?? DEFAULT_BUDGET_MS);
  const startedAt = clock.elapsed();
  let intent = options.begun;
  let ticket: Ticket | undefined = options.ticket;
  try {
    // before anything is asked of S3 or the ledger: while it takes no uploads nobody pays for one
    writes.enter(key, body, options.mayTry ?? options.background ?? false);
    const plainFree = !intent && !options.plainUsed && (await isFree(cloud.store, plainObjectName(cloud.prefix, key), options.signal));
    return await retry(
      { ...cloud.retryPolicy, budgetMs: budgetMs - (clock.elapsed() - startedAt) },
      clock,
      async (_attempt, signal, patienceMs) => {
        const own = (intent ??= await ledger.begin(
          { kind: 'object', key, locationId: cloud.locationId, prefix: cloud.prefix, plainFree, content: { size: body.size, md5: body.md5 } },
          { ticket, found: options.found },
        ));
        ticket = own.ticket;
        let stored = false;
        try {
          const facts = await keepingAlive(ledger, own, async () => {
            const answered = await cloud.store.put(own.name, body, {
              contentType: options.mime ?? undefined,
              cacheControl: cloud.cacheControl ?? undefined,
              // guard: unasked-put-only-if-absent
              onlyIfAbsent: options.onlyIfAbsent && own === options.begun,
              signal,
              patienceMs,
            });
            // from here on a refusal is one of the proof's: the bytes are there
            stored = true;
            return prove(cloud.store, own.name, body, answered, { signal, patienceMs, memory: options.background ? cloud.proof : undefined });
          });
          cloud.onSent();
          return { intent: own, etag: facts.etag };
        } catch (error) {
          if (stored || mayLandLate(error)) {
            // first: should the ledger fail, the name stays pending, and must not pass for one that holds nothing
            // guard: burnt-name-not-forgotten
            intent = undefined;
            await ledger.abandon([own]);
          } else if (isStorageError(error, 'NAME_TAKEN')) {
            // what lies there is somebody else's: not to be condemned
            intent = undefined;
            await ledger.forget(own);
          }
          throw error;
        }
      },
      {
        signal: options.signal,
        isRetryable: (error) => isStorageError(error, 'NAME_TAKEN') || (!knownToFail && goesOn(cloud) && (isRetryable(error) || isStorageError(error, 'INTEGRITY'))),
      },
    );
  } catch (error) {
    // refused every time: nothing was written under it, so there is nothing to sweep
    if (intent) await ledger.forget(intent);
    const failure = await judged(cloud, key, body, error, options.signal);
    if (options.background && failure instanceof StorageError) cloud.onFailed?.(failure);
    throw failure;
  } finally {
    writes.leave(body);
  }
}

/** Whether a PUT that failed may have stored its bytes, or may still do so. */
function mayLandLate(error: unknown): boolean {
  // guard: unknown-outcome-burns-the-name
  return !(error instanceof StorageError && error.refused);
}

function goesOn({ breaker }: Cloud): boolean {
  return breaker.state.kind === 'closed' && breaker.writes.state.kind === 'closed';
}

/** How long an answer about S3 as a whole is waited for, when one body was refused, in milliseconds. */
const SOUND_WITHIN_MS = 1_000;

/**
 * The failure, as FILE_REFUSED where it is this body's own: a firewall, or S3, has said no to it, or a connection breaks time and
 * again although other bodies pass; and S3 answers whatever else it is asked.
 */
async function judged(cloud: Cloud, key: ObjectKey, body: Body, error: unknown, signal?: AbortSignal): Promise<unknown> {
  if (!(error instanceof StorageError) || error.operation !== 'put' || !goesOn(cloud)) return error;
  const { status = 0 } = error;
  const saidNo = isPage(error) && status >= 400 && status < 500;
  const failsAlone = isOutage(error) && cloud.breaker.writes.failsAlone(body);
  if ((!saidNo && !failsAlone) || !(await isSound(cloud, plainObjectName(cloud.prefix, key), signal))) return error;
  const { refused, detail = ERRORS[error.code].message } = error;
  return new StorageError('FILE_REFUSED', { operation: 'put', subject: key, status: error.status, detail, refused, cause: error });
}

async function isSound({ store }: Cloud, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await store.head(name, { signal, patienceMs: SOUND_WITHIN_MS });
    return true;
  } catch (error) {
    return isStorageError(error, 'OBJECT_NOT_FOUND', 'ACCESS_DENIED');
  }
}

/**
 * Whether nothing lies under a name. When S3 will not say (403 without the right to list), the answer is no: the
 * write then takes a name of its own rather than risk an object it does not know.
 */
async function isFree(store: ObjectStore, name: string, signal?: AbortSignal): Promise<boolean> {
  const seen = await seenUnder(store, name, signal);
  // guard: foreign-object-not-overwritten
  return seen === 'nothing';
}

/** What lies under a name, as far as S3 says. @throws StorageError when it is away */
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
  // a failed touch costs nothing by itself: the name has a day's grace, and publishing checks it again
  return withHeartbeat(TOUCH_INTERVAL_MS, () => void ledger.touch([intent]).catch(() => undefined), work);
}
