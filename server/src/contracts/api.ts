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

/** Something that the test has noticed, and that keeps nothing from working. */
export interface TestNote {
  code: ErrorCode;
  message: string;
  hint: string;
}

/** Answer of `POST /settings/test`. */
export interface TestAnswer {
  ok: boolean;
  steps: TestStep[];
  notes?: TestNote[];
  capabilities: Capabilities;
  /** Texts to paste into the provider's console. */
  snippets: { title: string; language: 'json' | 'shell'; text: string }[];
}

export interface Tally {
  count: number;
  bytes: number;
}

/** Answer of `POST /settings/preview`. */
export interface PreviewAnswer {
  /** Files that are only in S3 now and could not be opened with the new settings. */
  outOfSight: Tally;
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

/** The media library as Strapi lists it: one item is one upload, whatever its formats. */
export interface LibraryCount {
  /** Items that Strapi's local provider keeps, which is the one this plugin stands in front of. */
  items: number;
  /**
   * Those of them that the plugin has never taken up: they still lie where Strapi put them, on a server's disk. Null while a
   * large library is still being counted.
   */
  untaken: number | null;
}

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
  /** Null where the database did not say. */
  library: LibraryCount | null;
  /** Files written to disk while S3 was away, still to be uploaded. */
  pendingUploads: Tally;
  /** Files whose only copy is on a disk that is not there any more; `lastSeen` is null for one that never told of itself. */
  stranded: Tally & { volumes: (Tally & { id: string; lastSeen: string | null })[] };
  /** Newest first. An outage is one incident; `endedAt` is null while it lasts. */
  incidents: { startedAt: string; endedAt: string | null; code: ErrorCode; fellBack: number }[];
  /** The process that answers. `ephemeral`: null as far as is known its disk stays. `disk`: null while it can be written. `twin`: another disk is in use under the same id. */
  node: { volume: string; production: boolean; ephemeral: EphemeralDisk | null; disk: DiskTrouble | null; twin: boolean };
}
