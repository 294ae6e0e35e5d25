import { codeOf, described } from '../../errors';
import type { ObjectKey } from '../../keys';
import type { LeaseHolder } from '../../leases/lease-holder';
import type { LedgerWrites } from '../../ledger/writes';
import type { AwayGate } from '../../media/away';
import type { EngineParts } from '../../media/deps';
import type { MediaLibrary } from '../../media/library';
import type { LibraryChanges } from '../../media/library-changes';
import type { LibraryExtent, Watches } from '../../volumes/watches';
import { Worker } from '../../worker';
import { buryDeleted, type DeletedParts } from './deleted';
import { lookAt, type Looked, type LookParts } from './look';
import { hasLost, see, type Sight, type ChangedKey } from './sight';

/** Keys that are looked at together. */
const BATCH = 200;
/** Pause between two looks, in milliseconds. */
const LOOK_EVERY_MS = 5 * 60_000;
/** Pause while the disk or the database does not tell of some file, in milliseconds. */
const RETRY_MS = 5_000;
/** Longest wait of a request for the look at its file, in milliseconds. */
const PATIENCE_MS = 5_000;
/** Number of keys that one line of the log names. */
const NAMED = 20;

export type AbsenceParts = EngineParts<LookParts['ledger'] & DeletedParts['ledger'] & Pick<LedgerWrites, 'isEmpty'>> & {
  readonly library: LibraryChanges & Pick<MediaLibrary, 'logos'>;
  readonly watches: Watches;
  readonly leases: LeaseHolder;
};

/**
 * Finds out what Strapi did to the media library while this plugin was away: disabled, uninstalled, or too old to know. A start reads what
 * the library has changed since the last look, and requests for those files wait until their plain paths were looked at. All other
 * requests wait for nothing. Later looks notice another process that runs without the plugin, as during a rolling deploy.
 */
export class Absence implements AwayGate {
  /** The keys of the start that were not looked at yet. */
  readonly #held = new Map<ObjectKey, ChangedKey>();
  readonly #underWay = new Map<ObjectKey, Promise<unknown>>();
  readonly #worker: Worker;
  readonly #beganAt: number;
  #hasBegun = false;
  /** The changes that the start has read, until all of them are looked at. */
  #start: Sight | undefined;
  #burying: 'none' | 'due' = 'none';
  /** When the library was last read for a look that came to its end, by the clock's `elapsed`. */
  #watchedTo: number | undefined;

  constructor(private readonly deps: AbsenceParts) {
    this.#beganAt = deps.clock.elapsed();
    const pause = () => (this.#held.size > 0 ? RETRY_MS : LOOK_EVERY_MS * (0.75 + deps.clock.random() / 2));
    this.#worker = new Worker('look for changes without the plugin', pause, (signal) => this.look(signal), deps.log);
  }

  /** Reads what the library has changed since the last look. From now on {@link ready} waits for these keys. @throws the database's errors */
  async begin(): Promise<void> {
    const { volume } = this.deps;
    this.#hasBegun = true;
    // nobody could write to a folder that does not let this process in, plain Strapi neither
    if (!volume.established) return;
    this.#start = await see(this.deps, volume.id);
    this.#burying = (await hasLost(this.deps, this.#start)) ? 'due' : 'none';
    for (const changedKey of this.#start.changed) this.#held.set(changedKey.key, changedKey);
  }

  isReady(key: ObjectKey): boolean {
    return !this.#start || !this.#held.has(key);
  }

  async ready(key: ObjectKey): Promise<boolean> {
    const changedKey = this.#held.get(key);
    if (!changedKey || !this.#start) return true;
    const look = this.#underWay.get(key) ?? this.#lookAtOne(changedKey, this.#start);
    this.#underWay.set(key, look);
    const over = new AbortController();
    await Promise.race([look, this.deps.clock.sleep(PATIENCE_MS, over.signal).catch(() => undefined)]);
    over.abort();
    return !this.#held.has(key);
  }

  /** Looks at every file that the start has found. Nothing else may change rows before, because a look compares ages. Never rejects. */
  async lookAtHeld(signal: AbortSignal): Promise<void> {
    const { log } = this.deps;
    try {
      if (this.#start && this.#held.size > 0) await this.#lookAtAll([...this.#held.values()], this.#start, signal);
    } catch (error) {
      log.warn(`${this.#held.size} file(s) that may have changed while the plugin was away could not be looked at, and answer 503 until they can: ${described(error)}`);
    }
  }

  /** Starts the further looks, if the first one has begun. Only a process that serves HTTP calls this. */
  start(): void {
    if (this.#hasBegun) this.#worker.start();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    // what the library has at the end spares the next start a walk through the ledger
    if (this.#watchedTo === undefined || this.#start) return;
    await this.deps.library
      .extent()
      .then((extent) => this.#note(extent))
      .catch(() => undefined);
  }

  /** Looks at what the library has changed since the last look, and at what the start has left. @throws the database's errors */
  async look(signal: AbortSignal): Promise<void> {
    const { volume } = this.deps;
    if (!volume.established) return;
    const sight = this.#start ?? (await see(this.deps, volume.id));
    const isDone = await this.#lookAtAll(this.#start ? [...this.#held.values()] : sight.changed, sight, signal);
    if (!isDone || !(await this.#bury(signal))) return;
    this.#start = undefined;
    this.#watchedTo = sight.readAt;
    await this.#note(sight.extent);
  }

  async #lookAtOne(changedKey: ChangedKey, sight: Sight): Promise<void> {
    const { log } = this.deps;
    try {
      await this.#lookAtAll([changedKey], sight);
    } catch (error) {
      log.debug(`"${changedKey.key}" may have changed while the plugin was away, and could not be looked at: ${codeOf(error)}`);
    } finally {
      this.#underWay.delete(changedKey.key);
    }
  }

  /** @returns whether all files have been looked at */
  async #lookAtAll(changed: readonly ChangedKey[], sight: Sight, signal?: AbortSignal): Promise<boolean> {
    const taken: ObjectKey[] = [];
    const elsewhere: ObjectKey[] = [];
    let recorded = 0;
    let failed = 0;
    for (let at = 0; at < changed.length && !signal?.aborted; at += BATCH) {
      const some = changed.slice(at, at + BATCH);
      const looked = await lookAt(this.deps, some, sight, signal);
      this.#release(some, looked);
      taken.push(...looked.taken);
      elsewhere.push(...looked.elsewhere);
      recorded += looked.recorded;
      failed += looked.failed.size;
    }
    this.#tell(taken, elsewhere, recorded);
    // a smaller image has fewer formats, and nothing lists the former ones any more
    if (taken.length > 0) this.#burying = 'due';
    return failed === 0 && !signal?.aborted;
  }

  #release(changed: readonly ChangedKey[], { failed }: Looked): void {
    for (const { key } of changed) if (!failed.has(key)) this.#held.delete(key);
  }

  /** @returns whether no row is due to be buried any more */
  async #bury(signal: AbortSignal): Promise<boolean> {
    if (this.#burying === 'none') return true;
    const { library, log, leases } = this.deps;
    if ((await library.extent()).files === 0) {
      log.warn('The media library lists no file at all, although the plugin knows some: none of them is taken for deleted. If the library is meant to be empty, run the audit.');
    } else {
      let buried: number | undefined;
      await leases.during('absence', async () => void (buried = await buryDeleted(this.deps, this.#beganAt, signal)));
      // the signal has ended it, or another process is at it and may be killed
      if (buried === undefined) return false;
      if (buried > 0) log.info(`${buried} file(s) that were deleted while the plugin was away are in the trash now. Their bytes stay for a week.`);
    }
    this.#burying = 'none';
    return true;
  }

  async #note(extent: LibraryExtent): Promise<void> {
    const { watches, volume, clock } = this.deps;
    if (this.#watchedTo !== undefined) await watches.note(volume.id, clock.elapsed() - this.#watchedTo, extent);
  }

  #tell(taken: readonly ObjectKey[], elsewhere: readonly ObjectKey[], recorded: number): void {
    const { log } = this.deps;
    if (taken.length > 0) log.info(`${taken.length} file(s) were replaced on this disk without the plugin, and their new bytes are the current ones: ${named(taken)}`);
    if (recorded > 0) log.info(`${recorded} file(s) were added on this disk without the plugin, and are known now like the other files of the library.`);
    if (elsewhere.length > 0) {
      log.warn(
        `${elsewhere.length} file(s) have another size in the media library than in S3, and this disk does not have their new bytes: ${named(elsewhere)}. ` +
          'If they were replaced on another server while the plugin was away, start that server with the plugin. If its disk is gone, replace them again.',
      );
    }
  }
}

function named(keys: readonly ObjectKey[]): string {
  return `${keys.slice(0, NAMED).join(', ')}${keys.length > NAMED ? ', …' : ''}`;
}
