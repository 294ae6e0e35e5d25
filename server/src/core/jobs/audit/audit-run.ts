import { isDiskThere } from '../../volumes/disk-there';
import type { NewFinding, JobContext } from '../../runner/job';
import { codeOf, isNoAnswer, isStorageError } from '../../errors';
import { plainObjectName, type ObjectKey, type VolumeId } from '../../keys';
import type { LocationId } from '../../ledger/words';
import type { ObjectFacts, ObjectStore } from '../../store/object-store';
import type { AuditParts } from './deps';

/** Findings of files that nobody has the bytes of, as far as this audit could see. */
const LOST: ReadonlySet<NewFinding['kind']> = new Set<NewFinding['kind']>(['lost', 'missing', 'stranded']);

/** What the passes of one audit share: what was proven so far, and how findings are noted and put right. */
export class AuditRun {
  /** The locations that were listed or answered: a missing object there is missing. */
  readonly reached = new Map<LocationId, ObjectStore>();
  /** Those where an object of this ledger was seen as it was stored: the right bucket. */
  readonly proven = new Set<LocationId>();
  /** Something of a bucket could not be looked at: an object, or the listing. */
  bucketUnseen = false;
  /** It has gone through everything. */
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

  /** Which of the keys the library lists: as the whole library said during this audit, be it that nobody told Strapi of a change. */
  async listed(keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>> {
    const listed = await this.deps.catalog.listedAnywhere(keys, { rescan: !this.#hasScanned });
    this.#hasScanned = true;
    return listed;
  }

  get stopped(): boolean {
    return this.context.signal.aborted;
  }

  /** A disk that no process serves from any more, or that nobody has heard of; this process's own never is. */
  isVanished(volume: VolumeId): boolean {
    return volume !== this.deps.volume.id && (this.#known.get(volume) ?? true);
  }

  /** Another disk is there, of which this process sees nothing. */
  get hasOtherDisks(): boolean {
    return [...this.#known].some(([id, vanished]) => !vanished && id !== this.deps.volume.id);
  }

  /** @returns `unknown` where S3 would not say (no right to list makes a missing object a 403). @throws when S3 is away */
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

  /** Whether nothing can have a key's bytes any more, as far as anybody can know. The disk was looked at before. */
  async isNowhereElse(key: ObjectKey, location?: LocationId): Promise<boolean> {
    const present = this.deps.buckets.readable;
    if (!present || this.hasOtherDisks) return false;
    if (!this.proven.has(present.locationId) || !this.proven.has(location ?? present.locationId)) return false;
    return (await this.head(present.store, plainObjectName(present.prefix, key))) === 'missing';
  }

  /** The folder is the one with this volume's id: an empty mount point is not, and says nothing of its files. */
  isDiskThere(): Promise<boolean> {
    return isDiskThere(this.deps);
  }

  /**
   * Notes a finding, and puts it right if that was asked for.
   * @param apply its action; answers whether it could be carried out
   */
  async note(finding: Omit<NewFinding, 'applied'>, apply?: () => Promise<boolean>): Promise<void> {
    const { apply: wanted, dryRun } = this.context.options;
    // asked each time: the settings may have made this instance read-only a moment ago
    const applied = apply !== undefined && wanted && !dryRun && this.deps.buckets.writable !== undefined && (await apply());
    if (applied && finding.key !== null) this.deps.rows.forget([finding.key as ObjectKey]);
    this.#findings.push({ ...finding, applied });
    this.#noted.findings++;
    if (applied) this.#noted.applied++;
    if (LOST.has(finding.kind)) this.#noted.lost++;
  }

  /** A place that could not be looked at: nothing of it is called missing. */
  unverified(name: string, error: unknown): Promise<void> {
    return this.note({ kind: 'failed', key: null, name, size: null, code: codeOf(error), action: 'none' });
  }

  /** Says what was looked at, and what was found, also where the audit had to end before its end. */
  async conclude(): Promise<void> {
    const isWhole = this.finished && !this.bucketUnseen;
    const bucket = this.reached.size === 0 ? 'unchecked' : isWhole ? 'checked' : 'partly';
    this.context.progress.audited({ bucket, disk: await this.isDiskThere().catch(() => false), ...this.#noted });
  }

  /** Stores what came of a batch. */
  async commit(): Promise<void> {
    const findings = this.#findings;
    this.#findings = [];
    if (findings.length > 0) await this.context.report(findings);
    await this.context.commit();
  }
}
