import type { ErrorCode } from '../../contracts/errors';
import type { Mode } from '../../contracts/settings';
import type { Variables } from './sources';
import type { Resolution } from './types';

/** What an instance is, apart from its settings. */
export interface InstanceFacts {
  /** The project's upload provider is Strapi's `local`: the one that this plugin wraps. */
  providerIsLocal: boolean;
  /** The instance may change the bucket although production-only is on. */
  production: boolean;
  /** `S3_STORAGE_MODE`: can only take away. */
  override: 'off' | 'read-only' | null;
}

/** `S3_STORAGE_ENV`, else `NODE_ENV`, says exactly `production`. */
export function isProduction(variables: Variables): boolean {
  return (variables.S3_STORAGE_ENV?.trim() || variables.NODE_ENV?.trim()) === 'production';
}

/**
 * What `S3_STORAGE_MODE` asks for. Whoever sets it wants less than everything, so a word that is not understood counts as
 * `read-only` rather than as nothing.
 */
export function modeOverride(variables: Variables): InstanceFacts['override'] {
  const word = variables.S3_STORAGE_MODE?.trim().toLowerCase().replaceAll('_', '-') ?? '';
  if (word === '' || word === 'read-write') return null;
  return word === 'off' ? 'off' : 'read-only';
}

/** The mode, and why it is not `read-write`. The strictest reason wins. */
export function modeOf({ settings, blocked }: Resolution, facts: InstanceFacts): { mode: Mode; reason: ErrorCode | null } {
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
