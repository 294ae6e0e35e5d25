import type { DiskTrouble, EphemeralDisk, OutageStatus, StatusAnswer, Tally } from '../../contracts/api';
import type { SettingsAnswer } from '../../contracts/settings';
import type { Instance } from '../instance';
import type { LedgerReports } from '../ledger/reports';
import type { LibraryCounter } from './library-counter';
import type { CircuitBreaker } from '../store/resilience/breaker';
import type { CurrentOutage, IncidentLog } from '../outages/outage';
import { answerOf } from './settings';
import type { Volume } from '../store/local/volume';
import type { VolumeRegistry } from '../volumes/registry';
import { strandedOn } from '../volumes/stranded';

/** Number of incidents that the status contains. */
const INCIDENTS_SHOWN = 20;

/** Returns the facts about this process and the library that the panel shows. */
export async function statusOf(parts: {
  ledger: Pick<LedgerReports, 'tallies'>;
  libraryCounter: Pick<LibraryCounter, 'look'>;
  incidents: IncidentLog;
  volume: Volume;
  registry: Pick<VolumeRegistry, 'list'>;
  diskWatch: { readonly ephemeral: EphemeralDisk | null };
  diskHealth: { current(): Promise<DiskTrouble | null> };
  instance: Instance;
  breaker: CircuitBreaker | undefined;
  outage: CurrentOutage | undefined;
  storage: { readonly reader: { readonly inMemory: Tally } };
}): Promise<StatusAnswer> {
  const answer = answerOf(parts.instance.current());
  const { pendingUploads, onlyOn, local, both, remote, trash, lost, missing, failed } = await parts.ledger.tallies();
  const stranded = strandedOn(onlyOn, await parts.registry.list(), parts.volume.id);
  const incidents = await parts.incidents.list(INCIDENTS_SHOWN);
  const breaker = parts.breaker?.state ?? { kind: 'closed' as const };
  return {
    mode: answer.mode,
    reason: withHiddenFiles(answer, remote),
    breaker: {
      state: breaker.kind,
      since: breaker.kind === 'closed' ? null : new Date(breaker.since).toISOString(),
      lastError: breaker.kind === 'closed' ? null : breaker.cause.code,
    },
    outage: parts.outage ? outageOf(parts.outage, remote) : null,
    objects: { local, both, remote, trash, lost, missing, failed },
    library: await parts.libraryCounter.look(),
    pendingUploads,
    stranded: {
      count: stranded.reduce((total, { count }) => total + count, 0),
      bytes: stranded.reduce((total, { bytes }) => total + bytes, 0),
      volumes: stranded.map((volume) => ({ ...volume, lastSeen: volume.lastSeen?.toISOString() ?? null })),
    },
    incidents: incidents.map(({ code, startedAt, endedAt, fellBack }) => ({
      code,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
      fellBack,
    })),
    node: { volume: parts.volume.id, production: parts.instance.production, ephemeral: parts.diskWatch.ephemeral, disk: await parts.diskHealth.current(), twin: parts.volume.hasTwin, memory: parts.storage.reader.inMemory },
  };
}

/** Adds to the reason that, while S3 is off, nobody can open the files that are only there. */
function withHiddenFiles({ mode, reason }: SettingsAnswer, { count }: Tally): SettingsAnswer['reason'] {
  if (mode !== 'off' || !reason || count === 0) return reason;
  const files = count === 1 ? '1 file is only in S3 and cannot' : `${count} files are only in S3 and cannot`;
  return { ...reason, message: `${reason.message} ${files} be opened until it is on again.` };
}

/** @param remote count and bytes of the files that only S3 has */
function outageOf({ since, code, detail, reads, writes }: CurrentOutage, remote: Tally): OutageStatus {
  return { since: new Date(since).toISOString(), code, detail, reads, writes, unreadable: reads ? remote : { count: 0, bytes: 0 } };
}
