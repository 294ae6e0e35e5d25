import type { SettingsPatch } from '../../contracts/settings';
import type { Clock } from '../clock';
import { codeOf } from '../errors';
import type { Logger } from '../log';
import { applyPatch, checkedPatch, withCheckedEndpoint, withCheckedSchedules } from './patch';
import { EMPTY_ROW, type SecretBox, type SettingsRepository, type SettingsRow } from './ports';
import type { Redactor } from './redactor';
import { resolve } from './resolve';
import type { Variables } from './sources';
import { NOTHING_STORED, type EffectiveSettings, type StoredSettings } from './types';

/** Longest time after which a process sees another process's change, in milliseconds. */
export const POLL_INTERVAL_MS = 2000;

export interface SettingsServiceDeps {
  repository: SettingsRepository;
  secrets: SecretBox;
  /** The process's environment variables. */
  variables: Variables;
  /** The plugin's `config` in `config/plugins`, unchecked. */
  configFile: unknown;
  clock: Clock;
  log: Logger;
  /** It learns every secret that this process opens or resolves, before anything uses the secret. */
  redactor: Pick<Redactor, 'learn'>;
  /** Whether a schedule can ever be due. */
  isCron(expression: string): boolean;
}

export type SettingsListener = (settings: EffectiveSettings, before: EffectiveSettings) => void;

/** Holds the settings in force in this process. They are resolved once for each revision, and stay the same object until something changes. */
export class SettingsService {
  private row: SettingsRow = EMPTY_ROW;
  private stored: StoredSettings = NOTHING_STORED;
  private effective: EffectiveSettings;
  private loaded = false;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly listeners = new Set<SettingsListener>();
  private readonly told = new Set<string>();

  constructor(private readonly deps: SettingsServiceDeps) {
    // before the first read of the database nothing counts as the configuration, not even a complete environment
    const nothing = resolve({ database: NOTHING_STORED, configFile: null, variables: {} });
    this.effective = { ...nothing, revision: 0 };
  }

  /** Returns the settings in force, without waiting. Nothing is configured before the first successful {@link refresh}. */
  current(): EffectiveSettings {
    return this.effective;
  }

  /** Reads the revision, and the row if the revision has changed. @throws the repository's errors; nothing changes then */
  refresh(): Promise<EffectiveSettings> {
    // refreshes run one after the other, so that an older answer does not come in after a newer one. (The revision does not tell which
    // answer is older: a database restored from a backup counts on from the revision of the backup.)
    const run = async () => {
      if (!this.loaded || (await this.deps.repository.revision()) !== this.row.revision) this.take(await this.deps.repository.read());
      return this.effective;
    };
    const refreshed = this.queue.then(run);
    this.queue = refreshed.catch(() => undefined);
    return refreshed;
  }

  /**
   * Follows the changes of other processes until `signal` aborts; then it resolves. Never rejects: while the database does not answer, the
   * settings stay as they were.
   */
  async follow(signal: AbortSignal, intervalMs = POLL_INTERVAL_MS): Promise<void> {
    let failing = false;
    while (!signal.aborted) {
      try {
        await this.deps.clock.sleep(intervalMs, signal);
      } catch {
        return; // aborted
      }
      try {
        await this.refresh();
        failing = false;
      } catch (error) {
        if (!failing) this.deps.log.warn(`The settings could not be read again (${codeOf(error)}); the last known ones stay in force.`);
        failing = true;
      }
    }
  }

  /** Follows changes as {@link follow} does while `work` lasts. Changes that came before count from the beginning of the work. */
  async following<T>(work: () => Promise<T>, intervalMs = POLL_INTERVAL_MS): Promise<T> {
    const over = new AbortController();
    // if the database does not answer, the work reports that
    await this.refresh().catch(() => undefined);
    const following = this.follow(over.signal, intervalMs);
    try {
      return await work();
    } finally {
      over.abort();
      await following;
    }
  }

  /** Checks, stores and applies a body of `PUT /settings`. @throws SettingsRefused; nothing is stored then */
  async update(body: unknown): Promise<void> {
    const patch = withCheckedEndpoint(withCheckedSchedules(checkedPatch(body), this.deps.isCron));
    await this.deps.repository.update((current) => {
      const { stored, secretChanged } = applyPatch(this.open(current), patch, this.resolveStored);
      const { settings, secret, secretFor } = stored;
      // the secret is sealed anew each time: its target may have got the first bucket, and older seals contain no target
      if (secret.kind === 'readable' && secretFor) return { settings, secretFor, secret: this.deps.secrets.seal(secret.value, secretFor) };
      return { settings, secretFor, secret: secretChanged ? null : current.secret };
    });
    await this.refresh();
  }

  /** Returns the settings as they would be after the patch. Nothing is stored. @throws SettingsRefused */
  preview(patch: SettingsPatch): EffectiveSettings {
    const resolution = this.resolveStored(applyPatch(this.stored, patch, this.resolveStored).stored);
    return { ...resolution, revision: this.row.revision };
  }

  /** Calls back after each change, made in this or another process. @returns a function that ends the subscription */
  onChange(listener: SettingsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private readonly resolveStored = (database: StoredSettings) => {
    const resolution = resolve({ database, configFile: this.deps.configFile, variables: this.deps.variables, isCron: this.deps.isCron });
    const { credentials } = resolution.settings;
    if (credentials.kind === 'static') this.deps.redactor.learn(credentials.secretAccessKey);
    return resolution;
  };

  private open(row: SettingsRow): StoredSettings {
    if (row.secret === null) return { ...row, secret: { kind: 'none' } };
    const opened = this.deps.secrets.open(row.secret);
    if (!opened) return { ...row, secret: { kind: 'unreadable' } };
    this.deps.redactor.learn(opened.value);
    // the sealed target counts, because anybody who can write the database can change the row beside it
    return { ...row, secret: { kind: 'readable', value: opened.value }, secretFor: opened.target ?? row.secretFor };
  }

  private take(row: SettingsRow): void {
    const before = this.effective;
    this.row = row;
    this.stored = this.open(row);
    this.loaded = true;
    const resolution = this.resolveStored(this.stored);
    this.effective = { ...resolution, revision: row.revision };
    this.tellProblems();
    for (const listener of this.listeners) {
      try {
        listener(this.effective, before);
      } catch (error) {
        this.deps.log.error(`A listener to a change of the settings failed (${codeOf(error)}).`);
      }
    }
  }

  /** Logs each problem once, and not at every change. */
  private tellProblems(): void {
    for (const { source, field, message } of this.effective.problems) {
      const text = `Setting "${field}" from ${source} is not used: ${message}.`;
      if (!this.told.has(text)) this.deps.log.warn(text);
      this.told.add(text);
    }
  }
}
