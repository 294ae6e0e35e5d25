import type { Core } from '@strapi/strapi';
import { strapiLog } from '../adapters/strapi/log';
import { abandonable } from '../core/abandonable';
import { systemClock } from '../core/clock';
import { codeOf, described, StorageError } from '../core/errors';
import type { ObjectKey } from '../core/keys';
import { PLAIN_DELIVERY, type DeliverySettings } from '../core/media/delivery-settings';
import type { MediaReader } from '../core/media/media-reader';
import type { MediaStorage } from '../core/media/media-storage';
import { Redactor } from '../core/settings/redactor';
import { Engine } from '../engine/engine';
import { provideAdmin } from '../http/admin-access';

/** Delay before a failed start is tried again (ms). */
const RESTART_AFTER_MS = 5_000;
/** Longest wait of a visitor for a start that is under way (ms). */
const VISITOR_WAITS_MS = 5_000;
/** Shortest time between two log lines about visitors who get 503 (ms). */
const TELL_EVERY_MS = 60_000;

/**
 * Starts the engine once: at the first use or at bootstrap, whichever is earlier, because another plugin's bootstrap may upload before this
 * plugin's has run. If the engine cannot start, Strapi boots all the same. Uploads then fail with a clear error, since a later start could
 * mistake an upload that the ledger does not know for an old file. The host tries the start again.
 */
export class EngineHost {
  #starting: Promise<Engine> | undefined;
  #engine: Engine | undefined;
  #failedAt: number | undefined;
  #toldAt = -Infinity;
  #serves = false;
  /** It outlives an engine that could not start, and so it knows whatever secret that engine has opened. */
  readonly #redactor = new Redactor();

  constructor(
    private readonly strapi: Core.Strapi,
    /** A clock that never goes back; otherwise uploads would be refused until it reached the same time again. */
    private readonly elapsed: () => number = systemClock.elapsed,
  ) {}

  async start(): Promise<Engine> {
    if (this.#failedAt !== undefined && this.elapsed() - this.#failedAt > RESTART_AFTER_MS) {
      this.#starting = undefined;
      this.#failedAt = undefined;
    }
    this.#starting ??= Engine.start(this.strapi, this.#redactor).then(
      (engine) => {
        this.#engine = engine;
        provideAdmin(this.strapi, engine);
        if (this.#serves) engine.serve();
        return engine;
      },
      (error: unknown) => {
        this.#failedAt = this.elapsed();
        strapiLog(this.strapi, this.#redactor).error(`could not start (${codeOf(error)}), so uploads are refused until it can: ${described(error)}`);
        throw error;
      },
    );
    return this.#starting;
  }

  /** Starts the background work with the engine, because this process listens for HTTP. */
  async serve(): Promise<void> {
    this.#serves = true;
    (await this.running())?.serve();
  }

  /** Returns the storage, or undefined while the plugin has nothing to do with this library. @throws StorageError NOT_STARTED */
  readonly active = async (): Promise<MediaStorage | undefined> => {
    const engine = await this.start().catch((cause: unknown) => {
      throw new StorageError('NOT_STARTED', { cause });
    });
    return engine.active();
  };

  /**
   * Returns the reader that serves visitors, or undefined while the files are Strapi's own. @throws StorageError NOT_STARTED, also when the
   * start takes too long
   */
  readonly reader = (): MediaReader | undefined | Promise<MediaReader | undefined> => this.#engine?.reader() ?? this.#readerOnceStarted();

  async #readerOnceStarted(): Promise<MediaReader | undefined> {
    const engine = await abandonable(this.start(), AbortSignal.timeout(VISITOR_WAITS_MS)).catch((cause: unknown) => {
      throw new StorageError('NOT_STARTED', { cause });
    });
    return engine.reader();
  }

  /** Returns the settings in force for answers to visitors. */
  readonly delivery = (): DeliverySettings => this.#engine?.delivery() ?? PLAIN_DELIVERY;

  /** Returns the origin to which visitors are sent for files; undefined if they are sent nowhere. */
  readonly linkOrigin = async (): Promise<string | undefined> => (this.delivery().delivery === 'proxy' ? undefined : this.#engine?.linkOrigin());

  /** Returns the name under which an editor uploaded a file; undefined if nobody can tell. @throws the database's errors */
  readonly originalName = async (key: ObjectKey): Promise<string | undefined> => this.#engine?.originalName(key);

  /** Logs that a visitor got a 503. It does so once a minute at most, because every such line would say the same. */
  readonly tellUnreachable = (error: unknown): void => {
    // the failed start has logged this itself
    if (codeOf(error) === 'NOT_STARTED' || this.elapsed() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = this.elapsed();
    strapiLog(this.strapi, this.#redactor).warn(`a file in /uploads could not be looked up, and visitors get 503: ${described(error)}`);
  };

  /** Returns the engine if it runs, and undefined if it does not. */
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
