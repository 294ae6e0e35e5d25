import type { ErrorCode } from './errors';
import type { Mode, SettingsAnswer } from './settings';

export type TestStepName = 'endpoint' | 'credentials' | 'read' | 'write' | 'verify' | 'delete' | 'public';

/**
 * One step of the connection test. The answer leaves out the steps after a failed one. `public` says whether visitors' requests reach this
 * plugin: it is always in the answer, and its failure does not make the whole test fail.
 */
export interface TestStep {
  name: TestStepName;
  ok: boolean;
  ms: number;
  code: ErrorCode | null;
  message: string;
  hint: string | null;
}

/** The abilities of the endpoint that the test found. Null means that the test could not tell. */
export interface Capabilities {
  /** The ETag of a single PUT is the MD5 of its bytes. */
  etagIsMd5: boolean | null;
  /** The endpoint honours `If-None-Match: *` on PUT: it answers 412 for an existing object. */
  conditionalPut: boolean | null;
}

/** Something that the test noticed and that prevents nothing from working. */
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
  /** Texts that an administrator pastes into the provider's console. */
  snippets: { title: string; language: 'json' | 'shell'; text: string }[];
}

/** Answer of `POST /settings/cors`. */
export interface CorsAnswer {
  /** False where the bucket had rules that allow the same already. */
  added: boolean;
}

export interface Tally {
  count: number;
  bytes: number;
}

/** Answer of `GET` and `POST /settings/claim`. */
export interface ClaimAnswer {
  /** Why this server may not change the bucket before a claim; null where there is nothing to claim. */
  reason: SettingsAnswer['reason'];
  area: { endpoint: string | null; bucket: string | null; prefix: string };
  /** The owner in the bucket: its id, its server's name, and its last sign of life (ISO 8601). All are null where nobody can read it. */
  owner: { id: string | null; server: string | null; seenAt: string | null };
  /** Files on disks that a claim would send to S3. */
  uploads: Tally;
  /** Deleted files whose objects a claim would remove from the bucket, after their time of grace. */
  deletes: Tally;
}

/** Answer of `POST /settings/preview`, and the counts in the details of a refusal with the code MOVE_UNCONFIRMED. */
export interface MoveCounts {
  /**
   * Files in S3 that stay in the present area although the new settings lead to another one, and that can still be opened. They are
   * counted only where the area changes.
   */
  staying: Tally;
  /** Files that are only in S3 now and that nobody could open with the new settings. */
  outOfSight: Tally;
}

/**
 * Why the disk of a server may not survive a restart. `overlay`: the disk is the container's own layer. `memory`: it is in memory.
 * `replaced`: its uploads folder is new, and the folder of its predecessor has vanished.
 */
export type EphemeralDisk = 'overlay' | 'memory' | 'replaced';

/** Why Strapi cannot write to the uploads folder of a server. */
export interface DiskTrouble {
  code: 'DISK_FULL' | 'FOLDER_NOT_WRITABLE';
  /** The absolute path of the folder. */
  folder: string;
  /** The operating system's own code, such as EROFS; null where it gave none. */
  errno: string | null;
  /** The meaning of that code, in English. */
  cause: string;
}

/** The media library as Strapi lists it. One item is one upload, with all its formats. */
export interface LibraryCount {
  /** Items of Strapi's local provider, the one that this plugin wraps. */
  items: number;
  /**
   * Items among them that the plugin has never looked at: they still lie where Strapi put them, on a server's disk. Null while the plugin
   * is still counting a large library.
   */
  untaken: number | null;
}

/** An outage of S3: `reads`, `writes` or both fail. */
export interface OutageStatus {
  since: string;
  /** The cause that the panel shows first. */
  code: ErrorCode;
  /** The error text of S3; null where it gave none. */
  detail: string | null;
  /** Reads fail now: the plugin answers 503 for files that are only in S3. */
  reads: boolean;
  /** Writes fail now: uploads go to the disk, or the plugin refuses them. */
  writes: boolean;
  /** Files that nobody can open now, because they are only in S3 and reads fail. */
  unreadable: Tally;
}

/** Answer of `GET /status`. */
export interface StatusAnswer {
  mode: Mode;
  reason: SettingsAnswer['reason'];
  breaker: { state: 'closed' | 'open' | 'half-open'; since: string | null; lastError: ErrorCode | null };
  /** The present outage as this process sees it, whatever its cause; null while S3 works. It ends with the next success. */
  outage: OutageStatus | null;
  objects: { local: Tally; both: Tally; remote: Tally; trash: Tally; lost: Tally; missing: Tally; failed: Tally };
  /** Null where the database did not answer. */
  library: LibraryCount | null;
  /** Files that went to the disk while S3 was away and that the plugin still has to upload. */
  pendingUploads: Tally;
  /** Files whose only copy is on a disk that has vanished. `lastSeen` is null for a disk that never reported itself. */
  stranded: Tally & { volumes: (Tally & { id: string; lastSeen: string | null })[] };
  /** The newest comes first. One outage is one incident, and its `endedAt` is null while it lasts. */
  incidents: { startedAt: string; endedAt: string | null; code: ErrorCode; fellBack: number }[];
  /**
   * The process that answers. `ephemeral` is null if, as far as the plugin knows, the disk survives a restart. `disk` is null while Strapi
   * can write to it. `twin` is true if another disk is in use under the same id. `memory` is the small files that the process holds in
   * memory for visitors.
   */
  node: { volume: string; production: boolean; ephemeral: EphemeralDisk | null; disk: DiskTrouble | null; twin: boolean; memory: Tally };
}
