import type { Core } from '@strapi/strapi';
import { strapiLog } from '../adapters/strapi/log';
import { abandonable } from '../core/abandonable';
import { systemClock } from '../core/clock';
import { codeOf, described, StorageError } from '../core/errors';
import type { MediaReader } from '../core/media/media-reader';
import type { MediaStorage } from '../core/media/media-storage';
import { Engine } from '../engine/engine';
import { provideAdmin } from '../http/admin-access';

/** How soon after a failed start the next is tried, in milliseconds. */
const RESTART_AFTER_MS = 5_000;
/** How long a visitor waits for a start that is under way, in milliseconds. */
const VISITOR_WAITS_MS = 5_000;
/** How often it is told, at most, that visitors cannot be answered, in milliseconds. */
const TELL_EVERY_MS = 60_000;

/**
 * Starts the engine once, at the first use or at bootstrap, whichever is earlier: another plugin's bootstrap may upload
 * before ours has run. If it cannot start, Strapi boots all the same; uploads are refused with a clear error (an upload
 * the ledger does not know of could be mistaken for an old one later), and the start is tried again.
 */
export class EngineHost {
  #starting: Promise<Engine> | undefined;
  #engine: Engine | undefined;
  #failedAt: number | undefined;
  #toldAt = -Infinity;
  #serves = false;

  constructor(
    private readonly strapi: Core.Strapi,
    /** Never set back: else uploads would be refused until it is as late again. */
    private readonly elapsed: () => number = systemClock.elapsed,
  ) {}

  async start(): Promise<Engine> {
    if (this.#failedAt !== undefined && this.elapsed() - this.#failedAt > RESTART_AFTER_MS) {
      this.#starting = undefined;
      this.#failedAt = undefined;
    }
    this.#starting ??= Engine.start(this.strapi).then(
      (engine) => {
        this.#engine = engine;
        provideAdmin(this.strapi, engine);
        if (this.#serves) engine.serve();
        return engine;
      },
      (error: unknown) => {
        this.#failedAt = this.elapsed();
        // no settings were read, and so no secret
        strapiLog(this.strapi, () => []).error(`could not start (${codeOf(error)}), uploads are refused until it can: ${described(error)}`);
        throw error;
      },
    );
    return this.#starting;
  }

  /** This process listens for HTTP: the background work starts with the engine, whenever that is. */
  async serve(): Promise<void> {
    this.#serves = true;
    (await this.running())?.serve();
  }

  /** @throws StorageError NOT_STARTED */
  readonly active = async (): Promise<MediaStorage | undefined> => {
    const engine = await this.start().catch((cause: unknown) => {
      throw new StorageError('NOT_STARTED', { cause });
    });
    return engine.active();
  };

  /** What serves visitors, or undefined while the files are Strapi's own. @throws StorageError NOT_STARTED, also of a start that takes long */
  readonly reader = async (): Promise<MediaReader | undefined> => {
    const engine = this.#engine ?? (await abandonable(this.start(), AbortSignal.timeout(VISITOR_WAITS_MS)).catch((cause: unknown) => {
      throw new StorageError('NOT_STARTED', { cause });
    }));
    return engine.reader();
  };

  /** A visitor was answered 503. Said once a minute: each of them would say the same. */
  readonly tellUnreachable = (error: unknown): void => {
    // the failed start has said so itself
    if (codeOf(error) === 'NOT_STARTED' || this.elapsed() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = this.elapsed();
    strapiLog(this.strapi, () => []).warn(`a file in /uploads could not be looked up, visitors are answered 503: ${described(error)}`);
  };

  /** The engine, if it runs. */
  async running(): Promise<Engine | undefined> {
    return this.#starting?.catch(() => undefined);
  }
}

const hosts = new WeakMap<Core.Strapi, EngineHost>();

export function hostOf(strapi: Core.Strapi): EngineHost {
  let host = hosts.get(strapi);
  if (!host) hosts.set(strapi, (host = new EngineHost(strapi)));
  return host;
}
