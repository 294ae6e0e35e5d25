import type { SettingsPatch } from '../../../server/src/contracts/settings';
import { answerOf } from '../../../server/src/core/admin/settings';
import { Instance, instanceFacts } from '../../../server/src/core/instance';
import { SettingsService, type SettingsServiceDeps } from '../../../server/src/core/settings/service';
import { quietEvents } from '../../support/events';
import type { OpenedSecret, SettingsRepository, SettingsRow, SettingsContent, SecretBox } from '../../../server/src/core/settings/ports';
import { EMPTY_ROW } from '../../../server/src/core/settings/ports';
import type { SecretTarget, StoredSettings } from '../../../server/src/core/settings/types';
import type { Logger } from '../../../server/src/core/log';
import { owns } from '../../support/owners';

/** Stored settings. A `secretAccessKey` of null stands for one that nobody can open. */
export function stored(values: Record<string, unknown> = {}, secretFor: SecretTarget | null = null): StoredSettings {
  const { secretAccessKey, ...settings } = values;
  if (secretAccessKey === null) return { settings, secretFor, secret: { kind: 'unreadable' } };
  return { settings, secretFor, secret: typeof secretAccessKey === 'string' ? { kind: 'readable', value: secretAccessKey } : { kind: 'none' } };
}

/** One row in memory, which any number of services may share. */
export class MemorySettingsRepository implements SettingsRepository {
  row: SettingsRow = EMPTY_ROW;
  reads = 0;
  failure: Error | null = null;

  async revision(): Promise<number> {
    if (this.failure) throw this.failure;
    return this.row.revision;
  }

  async read(): Promise<SettingsRow> {
    if (this.failure) throw this.failure;
    this.reads += 1;
    return this.row;
  }

  async update(change: (row: SettingsRow) => SettingsContent): Promise<SettingsRow> {
    const content = change(this.row);
    this.row = { ...content, revision: this.row.revision + 1 };
    return this.row;
  }
}

/** A box whose sealing is reversible and visible: a sealed text starts with the name of its key. */
export function toyBox(key = 'key'): SecretBox {
  return {
    seal: (value, target) => `${key}:${Buffer.from(JSON.stringify({ value, target })).toString('hex')}`,
    open: (sealed) =>
      sealed.startsWith(`${key}:`) ? (JSON.parse(Buffer.from(sealed.slice(key.length + 1), 'hex').toString()) as OpenedSecret) : null,
  };
}

export function recordingLog(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message);
  return { lines, debug: log, info: log, warn: log, error: log };
}

/** The settings of a process, with the permission that it has under them. */
export function permitted(deps: SettingsServiceDeps) {
  const service = new SettingsService(deps);
  const instance = new Instance(service, instanceFacts(deps.variables, true), quietEvents(), owns);
  return {
    async refresh() {
      await service.refresh();
      return instance.current();
    },
    async update(body: unknown) {
      await service.update(body);
      return answerOf(instance.current());
    },
    current: () => instance.current(),
    answer: () => answerOf(instance.current()),
    preview: (patch: SettingsPatch) => instance.under(service.preview(patch)),
    onChange: (...listener: Parameters<SettingsService['onChange']>) => service.onChange(...listener),
    follow: (...how: Parameters<SettingsService['follow']>) => service.follow(...how),
    following: <T>(work: () => Promise<T>, intervalMs?: number) => service.following(work, intervalMs),
  };
}
