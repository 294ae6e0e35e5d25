import type { ErrorCode } from '../contracts/errors';
import type { Mode } from '../contracts/settings';
import type { Events } from './events';
import type { Variables } from './settings/sources';
import type { EffectiveSettings, Resolution } from './settings/types';

/** What an instance may do: everything (`read-write`), only read the bucket (`read-only`), or leave S3 alone (`off`). */
export interface Permit {
  readonly mode: Mode;
  /** Why the mode is not `read-write`; null where it is. */
  readonly reason: ErrorCode | null;
}

/** Settings, and what this instance may do under them. */
export type PermittedSettings = EffectiveSettings & Permit;

/** The facts about an instance that come from outside the settings: from its environment and from Strapi. */
export interface InstanceFacts {
  /** The project's upload provider is Strapi's `local`: the one that this plugin wraps. */
  providerIsLocal: boolean;
  /** The instance may change the bucket although production-only is on. */
  production: boolean;
  /** `S3_STORAGE_MODE`: can only take away. */
  override: 'off' | 'read-only' | null;
}

/** Whether `S3_STORAGE_ENV`, or else `NODE_ENV`, says exactly `production`. */
function isProduction(variables: Variables): boolean {
  return (variables.S3_STORAGE_ENV?.trim() || variables.NODE_ENV?.trim()) === 'production';
}

/** A word in `S3_STORAGE_MODE` that is not understood counts as `read-only`: whoever sets it wants less than everything. */
function modeOverride(variables: Variables): InstanceFacts['override'] {
  const word = variables.S3_STORAGE_MODE?.trim().toLowerCase().replaceAll('_', '-') ?? '';
  if (word === '' || word === 'read-write') return null;
  return word === 'off' ? 'off' : 'read-only';
}

export function instanceFacts(variables: Variables, providerIsLocal: boolean): InstanceFacts {
  return { providerIsLocal, production: isProduction(variables), override: modeOverride(variables) };
}

/** The strictest reason wins. */
function permitOf({ settings, blocked }: Resolution, facts: InstanceFacts): Permit {
  const off = (reason: ErrorCode) => ({ mode: 'off', reason }) as const;
  if (!facts.providerIsLocal) return off('PROVIDER_NOT_LOCAL');
  if (facts.override === 'off') return off('MODE_OVERRIDE');
  if (blocked) return off(blocked);
  if (settings.bucket === null) return off('NOT_CONFIGURED');
  if (settings.credentials.kind === 'unreadable') return off('SECRET_UNREADABLE');
  if (settings.credentials.kind === 'elsewhere') return off('SECRET_REQUIRED');
  if (settings.credentials.kind === 'incomplete') return off('NO_CREDENTIALS');
  if (facts.override === 'read-only') return { mode: 'read-only', reason: 'MODE_OVERRIDE' };
  if (settings.productionOnly && !facts.production) return { mode: 'read-only', reason: 'PRODUCTION_ONLY' };
  if (settings.leaving) return { mode: 'read-only', reason: 'LEAVING' };
  return { mode: 'read-write', reason: null };
}

/**
 * What this instance may do, and why: the only place where settings and environment are made into a mode. Everybody else asks here,
 * each time, as settings change; a fact that takes rights away (of the bucket, say) belongs into {@link permitOf}.
 */
export class Instance implements Permit {
  #told: Permit | undefined;

  constructor(
    private readonly settings: { current(): EffectiveSettings },
    private readonly facts: InstanceFacts,
    private readonly events: Events,
  ) {}

  get mode(): Mode {
    return this.#permit.mode;
  }

  get reason(): ErrorCode | null {
    return this.#permit.reason;
  }

  /** People have decided to stop using S3, and nothing else keeps this instance from it: files are on their way back to the disk. */
  get leaving(): boolean {
    return this.reason === 'LEAVING';
  }

  /** Whether this instance is production, as far as the setting `productionOnly` asks. */
  get production(): boolean {
    return this.facts.production;
  }

  /** The settings in force, with what this instance may do. */
  current(): PermittedSettings {
    return this.under(this.settings.current());
  }

  /** The same for other settings, were they in force. */
  under(settings: EffectiveSettings): PermittedSettings {
    return { ...settings, ...permitOf(settings, this.facts) };
  }

  /** Tells whoever listens what this instance may do now, if that was not told before. */
  tell(): void {
    const { mode, reason } = this.#permit;
    if (this.#told?.mode === mode && this.#told.reason === reason) return;
    this.#told = { mode, reason };
    this.events.emit('modeChanged', this.#told);
  }

  get #permit(): Permit {
    return permitOf(this.settings.current(), this.facts);
  }
}
