import type { OutageStatus, StatusAnswer, Tally } from '../../../server/src/contracts/api';
import type { ErrorCode } from '../../../server/src/contracts/errors';
import type { OnOutage, SettingsAnswer } from '../../../server/src/contracts/settings';

/** The files that are not in S3 although new uploads go there. */
export interface Rest {
  /** Items that the plugin has never looked at; null: not known. */
  untaken: number | null;
  /** Files that only a server's disk has, and that do not go to S3 by themselves. */
  local: Tally;
  /** How many files were found nowhere. */
  nowhere: number;
}

/**
 * The one sentence at the top of the page, as a closed set. `read-write`: everything is in S3; `partly`: new uploads are, and the
 * library is not, or it is not known; `cut-off`: S3 is not used although files are only there; `refuses`: null where this role may
 * not know; `unproven`: the settings in force were tried just now, in vain.
 */
export type Situation =
  | { kind: 'read-write' }
  | { kind: 'partly'; rest: Rest | null }
  | { kind: 'catching-up'; waiting: Tally; rest: Rest }
  | { kind: 'unproven'; refuses: boolean | null; finding: Finding }
  | { kind: 'away'; outage: OutageStatus; refuses: boolean | null; waiting: Tally }
  | { kind: 'read-only'; reason: SettingsAnswer['reason']; outage: OutageStatus | null }
  | { kind: 'cut-off'; reason: SettingsAnswer['reason']; files: Tally }
  | { kind: 'off'; reason: SettingsAnswer['reason'] };

/** Why a connection test failed. */
export interface Finding {
  code: ErrorCode | null;
  message: string;
  hint: string | null;
}

const NONE: Tally = { count: 0, bytes: 0 };

const less = (a: Tally, b: Tally): Tally => ({ count: Math.max(0, a.count - b.count), bytes: Math.max(0, a.bytes - b.bytes) });

/** The status is the fresher of the two; while it is unknown the settings' own mode counts, and nothing is said of the library. */
export function situationOf(
  answer: Pick<SettingsAnswer, 'mode' | 'reason'> & { settings: { onOutage: OnOutage | null } },
  status: StatusAnswer | null,
  finding: Finding | null = null,
): Situation {
  const { mode, reason } = status ?? answer;
  if (mode === 'off') {
    const remote = status?.objects.remote ?? NONE;
    return remote.count > 0 ? { kind: 'cut-off', reason, files: remote } : { kind: 'off', reason };
  }
  if (mode === 'read-only') return { kind: 'read-only', reason, outage: status?.outage ?? null };
  // what is out of reach waits for people, and is told of by itself
  const waiting = less(status?.pendingUploads ?? NONE, status?.stranded ?? NONE);
  const { onOutage } = answer.settings;
  const refuses = onOutage === null ? null : onOutage === 'reject';
  // what was found just now is the fresher cause
  if (status?.outage) return { kind: 'away', outage: { ...status.outage, ...causeOf(finding) }, refuses, waiting };
  if (finding) return { kind: 'unproven', refuses, finding };
  if (!status) return { kind: 'partly', rest: null };
  const rest = restOf(status);
  if (waiting.count > 0) return { kind: 'catching-up', waiting, rest };
  const isAllThere = rest.untaken === 0 && rest.nowhere === 0 && status.objects.local.count === 0;
  return isAllThere ? { kind: 'read-write' } : { kind: 'partly', rest };
}

function causeOf(finding: Finding | null): Partial<Pick<OutageStatus, 'code' | 'detail'>> {
  return finding?.code ? { code: finding.code, detail: null } : {};
}

function restOf({ library, objects, pendingUploads, stranded }: StatusAnswer): Rest {
  return {
    untaken: library?.untaken ?? null,
    local: less(less(objects.local, pendingUploads), stranded),
    nowhere: objects.missing.count + objects.lost.count,
  };
}

/** The codes with which S3 answers and refuses: that is mended by a person, and does not pass by itself. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW', 'BUCKET_NOT_FOUND', 'WRONG_REGION', 'NOT_S3',
  'TLS_FAILED', 'UNSUPPORTED', 'REJECTED', 'ENDPOINT_FORBIDDEN',
]);

/**
 * The kind of an outage: `away`: nothing answers; `denied`: S3 refuses; `reads`: only reading fails;
 * `writes`: only writing does.
 */
export function outageKind({ code, reads, writes }: OutageStatus): 'away' | 'denied' | 'reads' | 'writes' {
  if (!writes) return 'reads';
  if (!reads) return 'writes';
  return REFUSALS.has(code) ? 'denied' : 'away';
}
