import type { ErrorCode } from '../contracts/errors';
import type { Mode } from '../contracts/settings';
import { OWN, type Ownership } from './ownership';
import type { Events } from './events';
import type { Variables } from './settings/sources';
import type { EffectiveSettings, Resolution } from './settings/types';

/** The rights of an instance: it may do everything (`read-write`), only read the bucket (`read-only`), or not use S3 at all (`off`). */
export interface Permit {
  readonly mode: Mode;
  /** The reason why the mode is not `read-write`; null if it is. */
  readonly reason: ErrorCode | null;
}

/** Settings, together with the rights that this instance has under them. */
export type PermittedSettings = EffectiveSettings & Permit;

/** The facts about an instance that do not come from the settings, but from its environment and from Strapi. */
export interface InstanceFacts {
  /** The project uses Strapi's upload provider `local`, which this plugin wraps. */
  providerIsLocal: boolean;
  /** The instance is production, so that it may change the bucket although *production-only* is on. */
  production: boolean;
  /** The value of `S3_STORAGE_MODE`, which can only take rights away. */
  override: 'off' | 'read-only' | null;
}

/** Whether `S3_STORAGE_ENV`, or else `NODE_ENV`, says exactly `production`. */
function isProduction(variables: Variables): boolean {
  return (variables.S3_STORAGE_ENV?.trim() || variables.NODE_ENV?.trim()) === 'production';
}

/** Reads `S3_STORAGE_MODE`. An unknown word counts as `read-only`, because somebody who sets the variable wants less than everything. */
function modeOverride(variables: Variables): InstanceFacts['override'] {
  const word = variables.S3_STORAGE_MODE?.trim().toLowerCase().replaceAll('_', '-') ?? '';
  if (word === '' || word === 'read-write') return null;
  return word === 'off' ? 'off' : 'read-only';
}

export function instanceFacts(variables: Variables, providerIsLocal: boolean): InstanceFacts {
  return { providerIsLocal, production: isProduction(variables), override: modeOverride(variables) };
}

/** Computes the permit from settings, facts and the ownership of the bucket. The strictest reason wins. */
function permitOf({ settings, blocked }: Resolution, facts: InstanceFacts, ownership: Ownership): Permit {
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
  // while S3 has not answered yet, everything goes on as in an outage
  // guard: only-the-owner-changes-the-bucket
  if (ownership.state !== 'own' && ownership.code !== 'OWNER_UNKNOWN') return { mode: 'read-only', reason: ownership.code };
  return { mode: 'read-write', reason: null };
}

/** Whether an instance may change the bucket of the settings if its database owns it. Settings and environment say so, and not the bucket. */
export function mayOwn(settings: Resolution, facts: InstanceFacts): boolean {
  return permitOf(settings, facts, OWN).mode === 'read-write';
}

/**
 * Says what this instance may do, and why. Only this class makes a mode out of settings, environment and the bucket's owner. All other
 * code asks it, each time anew, because settings change. A new fact that takes rights away belongs into {@link permitOf}.
 */
export class Instance implements Permit {
  #told: Permit | undefined;

  constructor(
    private readonly settings: { current(): EffectiveSettings },
    private readonly facts: InstanceFacts,
    private readonly events: Events,
    /** Returns whether this database owns the bucket of the settings, as far as it is known. */
    private readonly ownershipUnder: (settings: EffectiveSettings) => Ownership,
  ) {}

  get mode(): Mode {
    return this.#permit.mode;
  }

  get reason(): ErrorCode | null {
    return this.#permit.reason;
  }

  /** Whether the project is leaving S3: somebody has decided to stop using S3, and no stricter reason limits this instance. */
  get leaving(): boolean {
    return this.reason === 'LEAVING';
  }

  /**
   * Whether this instance may change the bucket as soon as it turns out that this database owns it. Until then everything goes on as in an
   * outage: writes go to the disk, and nothing is removed from the bucket.
   */
  get awaitsOwner(): boolean {
    const settings = this.settings.current();
    return mayOwn(settings, this.facts) && this.ownershipUnder(settings).state === 'unknown';
  }

  /** Why nobody knows the owner of the bucket; null where somebody does, and before the first look. */
  get ownerTrouble(): ErrorCode | null {
    const ownership = this.ownershipUnder(this.settings.current());
    return ownership.state === 'unknown' ? (ownership.cause ?? null) : null;
  }

  /** Whether others may change and remove the objects of the bucket: this instance is a copy of production, or counts as one. */
  get isCopy(): boolean {
    return this.mode === 'read-only' && !this.leaving && !this.awaitsOwner;
  }

  /** Whether this instance counts as production for the setting `productionOnly`. */
  get production(): boolean {
    return this.facts.production;
  }

  /** Returns the settings in force, with the rights of this instance. */
  current(): PermittedSettings {
    return this.under(this.settings.current());
  }

  /** Returns the given settings, with the rights that this instance would have if they were in force. */
  under(settings: EffectiveSettings): PermittedSettings {
    return { ...settings, ...permitOf(settings, this.facts, this.ownershipUnder(settings)) };
  }

  /** Emits `modeChanged` if the rights of this instance have changed since the last call. */
  tell(): void {
    const { mode, reason } = this.#permit;
    if (this.#told?.mode === mode && this.#told.reason === reason) return;
    this.#told = { mode, reason };
    this.events.emit('modeChanged', this.#told);
  }

  get #permit(): Permit {
    const settings = this.settings.current();
    return permitOf(settings, this.facts, this.ownershipUnder(settings));
  }
}
