import type { StatusAnswer } from '../../../server/src/contracts/api';
import type { OnOutage, SettingsAnswer } from '../../../server/src/contracts/settings';

/** The one sentence at the top of the page, as a closed set. `refuses`: null where this role may not know. */
export type Situation =
  | { kind: 'read-write' }
  | { kind: 'catching-up'; waiting: number; bytes: number }
  | { kind: 'away'; since: string; code: string; refuses: boolean | null; waiting: number; bytes: number }
  | { kind: 'read-only'; reason: SettingsAnswer['reason']; away: { since: string; code: string } | null }
  | { kind: 'off'; reason: SettingsAnswer['reason'] };

/** The status is the fresher of the two; while it is unknown the settings' own mode counts. */
export function situationOf(
  answer: Pick<SettingsAnswer, 'mode' | 'reason'> & { settings: { onOutage: OnOutage | null } },
  status: StatusAnswer | null,
): Situation {
  const { mode, reason } = status ?? answer;
  if (mode === 'off') return { kind: 'off', reason };
  // what is out of reach waits for people, and is told of by itself
  const pending = status?.pendingUploads ?? { count: 0, bytes: 0 };
  const stranded = status?.stranded ?? { count: 0, bytes: 0 };
  const waiting = { count: Math.max(0, pending.count - stranded.count), bytes: Math.max(0, pending.bytes - stranded.bytes) };
  if (mode === 'read-only') return { kind: 'read-only', reason, away: status?.outage ?? null };
  if (status?.outage) {
    const { since, code } = status.outage;
    const { onOutage } = answer.settings;
    const refuses = onOutage === null ? null : onOutage === 'reject';
    return { kind: 'away', since, code, refuses, waiting: waiting.count, bytes: waiting.bytes };
  }
  if (waiting.count > 0) return { kind: 'catching-up', waiting: waiting.count, bytes: waiting.bytes };
  return { kind: 'read-write' };
}
