import type { ErrorCode } from './errors';
import type { Mode, SettingsAnswer } from './settings';

export type TestStepName = 'endpoint' | 'credentials' | 'read' | 'write' | 'verify' | 'delete';

/** One step of the connection test; the steps after a failed one are left out. */
export interface TestStep {
  name: TestStepName;
  ok: boolean;
  ms: number;
  code: ErrorCode | null;
  message: string;
  hint: string | null;
}

/** What the endpoint was seen to do; null where the test could not tell. */
export interface Capabilities {
  /** The ETag of a single PUT is the MD5 of its bytes. */
  etagIsMd5: boolean | null;
  /** `If-None-Match: *` on PUT is honoured (412 for an existing object). */
  conditionalPut: boolean | null;
}

/** Answer of `POST /settings/test`. */
export interface TestAnswer {
  ok: boolean;
  steps: TestStep[];
  capabilities: Capabilities;
  /** Texts to paste into the provider's console. */
  snippets: { title: string; language: 'json' | 'shell'; text: string }[];
}

export interface Tally {
  count: number;
  bytes: number;
}

/**
 * Why the disk of a server may not survive a restart: it is a container's own layer, it is in memory, or its folder is new
 * and that of its predecessor has vanished.
 */
export type EphemeralDisk = 'overlay' | 'memory' | 'replaced';

/** While S3 is not usable: `reads`, `writes` or both fail. */
export interface OutageStatus {
  since: string;
  /** The cause that is shown first. */
  code: ErrorCode;
  /** S3's own words; null where it said none. */
  detail: string | null;
  /** Reads fail now: files that are only in S3 answer 503. */
  reads: boolean;
  /** Writes fail now: uploads go to the disk, or are refused. */
  writes: boolean;
  /** Files that cannot be opened now: only in S3, while reads fail. */
  unreadable: Tally;
}

/** Answer of `GET /status`. */
export interface StatusAnswer {
  mode: Mode;
  reason: SettingsAnswer['reason'];
  breaker: { state: 'closed' | 'open' | 'half-open'; since: string | null; lastError: ErrorCode | null };
  /** S3 is not usable for this process, whatever the cause; null when it is. Ends with the next success. */
  outage: OutageStatus | null;
  objects: { local: Tally; both: Tally; remote: Tally; trash: Tally; lost: Tally; missing: Tally; failed: Tally };
  /** Files written to disk while S3 was away, still to be uploaded. */
  pendingUploads: Tally;
  /** Files whose only copy is on a disk that is not there any more; `lastSeen` is null for one that never told of itself. */
  stranded: Tally & { volumes: (Tally & { id: string; lastSeen: string | null })[] };
  /** Newest first. An outage is one incident; `endedAt` is null while it lasts. */
  incidents: { startedAt: string; endedAt: string | null; code: ErrorCode; fellBack: number }[];
  /** The process that answers. `ephemeral`: null as far as is known its disk stays. */
  node: { volume: string; production: boolean; ephemeral: EphemeralDisk | null };
}
