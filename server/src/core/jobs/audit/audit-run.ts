import { isDiskThere } from '../../volumes/disk-there';
import type { NewFinding, JobContext } from '../../runner/job';
import { codeOf, isNoAnswer, isStorageError } from '../../errors';
import { plainObjectName, type ObjectKey, type VolumeId } from '../../keys';
import type { LocationId } from '../../ledger/words';
import type { ObjectFacts, ObjectStore } from '../../store/object-store';
import type { AuditParts } from './deps';

/** Kinds of findings about files whose bytes this audit could not find. */
const LOST: ReadonlySet<NewFinding['kind']> = new Set<NewFinding['kind']>(['lost', 'missing', 'stranded']);

/** The facts that the passes of one audit share: they say what is proven so far. It also notes findings and applies their actions. */
export class AuditRun {
  /** The locations that this audit has listed, or where it can ask for each object. An object that is missing there is really missing. */
  readonly reached = new Map<LocationId, ObjectStore>();
  /** The locations where this audit saw an object as the ledger knows it. Such a bucket is the right one. */
  readonly proven = new Set<LocationId>();
  /** Whether this audit could not look at an object or at the listing of a bucket. */
  bucketUnseen = false;
  /** Whether all passes came to their end. */
  finished = false;
  #findings: NewFinding[] = [];
  #hasScanned = false;
  readonly #noted = { findings: 0, applied: 0, lost: 0 };
  #known = new Map<VolumeId, boolean>();

  constructor(
    readonly deps: AuditParts,
    readonly context: JobContext,
  ) {}

  async begin(): Promise<void> {
    this.#known = new Map((await this.deps.registry.list()).map(({ id, vanished }) => [id, vanished]));
  }

  /** Returns the keys that the library lists. The first call reads the whole library anew, because a change may have bypassed Strapi. */
  async listed(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>> {
    const listed = await this.deps.catalog.listedAnywhere(keys, { rescan: !this.#hasScanned });
    this.#hasScanned = true;
    return listed;
  }

  get stopped(): boolean {
    return this.context.signal.aborted;
  }

  /** Whether no process serves from this disk any more, or the registry does not know it. This process's own disk never counts. */
  isVanished(volume: VolumeId): boolean {
    return volume !== this.deps.volume.id && (this.#known.get(volume) ?? true);
  }

  /** Whether another disk is in use. This process cannot see its files. */
  get hasOtherDisks(): boolean {
    return [...this.#known].some(([id, vanished]) => !vanished && id !== this.deps.volume.id);
  }

  /** @returns `unknown` where S3 does not say: without the right to list, a missing object is a 403. @throws when S3 is away */
  async head(store: ObjectStore, name: string): Promise<ObjectFacts | 'missing' | 'unknown'> {
    this.context.progress.requested('head');
    try {
      return await store.head(name, { signal: this.context.signal });
    } catch (error) {
      if (isStorageError(error, 'OBJECT_NOT_FOUND')) return 'missing';
      if (!isStorageError(error) || isNoAnswer(error)) throw error;
      return 'unknown';
    }
  }

  /** Whether no other place can have a key's bytes, as far as this process can know. The caller has looked at this disk before. */
  async isNowhereElse(key: ObjectKey, location?: LocationId): Promise<boolean> {
    const present = this.deps.buckets.readable;
    if (!present || this.hasOtherDisks) return false;
    if (!this.proven.has(present.locationId) || !this.proven.has(location ?? present.locationId)) return false;
    return (await this.head(present.store, plainObjectName(present.prefix, key))) === 'missing';
  }

  /** Whether the folder has this volume's id. An empty mount point does not have it, and proves nothing about the files. */
  isDiskThere(): Promise<boolean> {
    return isDiskThere(this.deps);
  }

  /**
   * Notes a finding, and applies its action if the administrator asked for that.
   * @param apply carries the action out, and returns whether it could
   */
  async note(finding: Omit<NewFinding, 'applied'>, apply?: () => Promise<boolean>): Promise<void> {
    const { apply: wanted, dryRun } = this.context.options;
    // this is asked each time, because the settings may have made this instance read-only a moment ago
    const applied = apply !== undefined && wanted && !dryRun && this.deps.buckets.writable !== undefined && (await apply());
    if (applied && finding.key !== null) this.deps.rows.forget([finding.key as ObjectKey]);
    this.#findings.push({ ...finding, applied });
    this.#noted.findings++;
    if (applied) this.#noted.applied++;
    if (LOST.has(finding.kind)) this.#noted.lost++;
  }

  /** Notes that a place could not be looked at. The audit then calls nothing in it missing. */
  noteUnseen(name: string, error: unknown): Promise<void> {
    return this.note({ kind: 'failed', key: null, name, size: null, code: codeOf(error), action: 'none' });
  }

  /** Reports how much the audit looked at and how much it found, also when it was stopped. */
  async conclude(): Promise<void> {
    const isWhole = this.finished && !this.bucketUnseen;
    const bucket = this.reached.size === 0 ? 'unchecked' : isWhole ? 'checked' : 'partly';
    this.context.progress.audited({ bucket, disk: await this.isDiskThere().catch(() => false), ...this.#noted });
  }

  /** Stores the findings and the progress of a batch. */
  async commit(): Promise<void> {
    const findings = this.#findings;
    this.#findings = [];
    if (findings.length > 0) await this.context.report(findings);
    await this.context.commit();
  }
}
