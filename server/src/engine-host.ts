import type { Core } from '@strapi/strapi';
import { strapiLog } from './adapters/log';
import { codeOf, described, StorageError } from './core/errors';
import type { MediaStorage } from './core/media/media-storage';
import { Engine } from './engine';
import { provideEngine } from './http/engine-access';

/** How soon after a failed start the next is tried, in milliseconds. */
const RESTART_AFTER_MS = 5_000;

/**
 * Starts the engine once, at the first use or at bootstrap, whichever is earlier: another plugin's bootstrap may upload
 * before ours has run. If it cannot start, Strapi boots all the same; uploads are refused with a clear error (an upload
 * the ledger does not know of could be mistaken for an old one later), and the start is tried again.
 */
export class EngineHost {
  #starting: Promise<Engine> | undefined;
  #failedAt = 0;
  #serves = false;

  constructor(private readonly strapi: Core.Strapi) {}

  async start(): Promise<Engine> {
    if (this.#failedAt > 0 && Date.now() - this.#failedAt > RESTART_AFTER_MS) {
      this.#starting = undefined;
      this.#failedAt = 0;
    }
    this.#starting ??= Engine.start(this.strapi).then(
      (engine) => {
        provideEngine(this.strapi, engine);
        if (this.#serves) engine.serve();
        return engine;
      },
      (error: unknown) => {
        this.#failedAt = Date.now();
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
