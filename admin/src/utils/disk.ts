import type { EphemeralDisk, StatusAnswer } from '../../../server/src/contracts/api';
import type { OnOutage } from '../../../server/src/contracts/settings';

/** Why the server's disk is to be warned of; null where it stays, or where nothing is entrusted to it. */
export function diskRisk(onOutage: OnOutage, status: StatusAnswer): EphemeralDisk | null {
  // refused uploads need no disk; an instance that may not change S3 keeps its files in any case
  return status.mode === 'read-write' && onOutage === 'reject' ? null : status.node.ephemeral;
}

/** The latest moment that any of the disks was there; null when none ever told of itself. */
export function lastSeenOf({ volumes }: StatusAnswer['stranded']): string | null {
  const seen = volumes.flatMap(({ lastSeen }) => lastSeen ?? []).sort();
  return seen.at(-1) ?? null;
}
