import type { ErrorCode } from './errors';
import type { Mode, SettingsAnswer } from './settings';

export type TestStepName = 'endpoint' | 'credentials' | 'read' | 'write' | 'verify' | 'delete' | 'public';

/**
 * One step of the connection test; the steps after a failed one are left out. `public` asks whether visitors' requests reach this plugin:
 * it is always there, and the test as a whole does not fail by it.
 */
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

/** Why the uploads folder of a server cannot be written. */
export interface DiskTrouble {
  code: 'DISK_FULL' | 'FOLDER_NOT_WRITABLE';
  /** Its absolute path. */
  folder: string;
  /** The system's own code, such as EROFS; null: there is none. */
  errno: string | null;
  /** What that means, in English. */
  cause: string;
}

/** Answer of `GET /status`. */
export interface StatusAnswer {
  mode: Mode;
  reason: SettingsAnswer['reason'];
  breaker: { state: 'closed' | 'open' | 'half-open'; since: string | null; lastError: ErrorCode | null };
  /** S3 is not usable for this process, whatever the cause; null when it is. Ends with the next success. */
  outage: { since: string; code: ErrorCode } | null;
  objects: { local: Tally; both: Tally; remote: Tally; trash: Tally; lost: Tally; missing: Tally; failed: Tally };
  /** Files written to disk while S3 was away, still to be uploaded. */
  pendingUploads: Tally;
  /** Files whose only copy is on a disk that is not there any more; `lastSeen` is null for one that never told of itself. */
  stranded: Tally & { volumes: (Tally & { id: string; lastSeen: string | null })[] };
  /** Newest first. An outage is one incident; `endedAt` is null while it lasts. */
  incidents: { startedAt: string; endedAt: string | null; code: ErrorCode; fellBack: number }[];
  /** The process that answers. `ephemeral`: null as far as is known its disk stays. `disk`: null while it can be written. `twin`: another disk is in use under the same id. */
  node: { volume: string; production: boolean; ephemeral: EphemeralDisk | null; disk: DiskTrouble | null; twin: boolean };
}
