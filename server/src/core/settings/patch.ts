import { NO_CRON } from '../../contracts/cron';
import { presetOf } from '../../contracts/presets';
import { parsePatch } from '../../contracts/schemas';
import { settingsWith, type SettingsPatch } from '../../contracts/settings';
import { StorageError } from '../errors';
import { parseEndpoint } from '../store/s3/endpoint';
import { isSameEndpoint } from './endpoint-identity';
import { SettingsRefused } from './refused';
import { strayed } from './strayed';
import type { Resolution, SecretTarget, StoredSettings } from './types';

/** Parses a body of the settings API. @throws SettingsRefused INVALID_SETTINGS with every bad field */
export function checkedPatch(body: unknown): SettingsPatch {
  const parsed = parsePatch(body);
  if (!parsed.ok) throw new SettingsRefused('INVALID_SETTINGS', parsed.fields);
  return parsed.value;
}

/** Returns the patch with its endpoint in the spelling that is stored. @throws SettingsRefused that names the endpoint */
export function withCheckedEndpoint(patch: SettingsPatch): SettingsPatch {
  if (!patch.endpoint) return patch;
  try {
    return { ...patch, endpoint: parseEndpoint(patch.endpoint) };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const code = error.code === 'ENDPOINT_FORBIDDEN' ? error.code : 'INVALID_SETTINGS';
    throw new SettingsRefused(code, [{ path: 'endpoint', message: error.detail ?? error.message }]);
  }
}

/** Returns the patch as it is. @throws SettingsRefused that names each schedule which can never be due */
export function withCheckedSchedules(patch: SettingsPatch, isCron: (expression: string) => boolean): SettingsPatch {
  const bad = settingsWith({ kind: 'schedule' }).filter((field) => patch[field] && !isCron(patch[field]));
  if (bad.length > 0) throw new SettingsRefused('INVALID_SETTINGS', bad.map((path) => ({ path, message: NO_CRON })));
  return patch;
}

const TARGET_FIELDS = ['endpoint', 'bucket', 'accessKeyId'] as const;
type TargetField = (typeof TARGET_FIELDS)[number];

function targetOf(stored: StoredSettings, { settings }: Resolution): SecretTarget {
  const { accessKeyId } = stored.settings;
  return { endpoint: settings.endpoint, bucket: settings.bucket, accessKeyId: typeof accessKeyId === 'string' ? accessKeyId : null };
}

/**
 * Returns the fields that would send signatures of the stored secret to another target than the one for which somebody entered it. A
 * secret that was entered before any bucket was set takes the first bucket. If somebody clears the bucket later, the secret keeps it.
 */
function movedFields(entered: SecretTarget, before: SecretTarget, after: SecretTarget, region: string): TargetField[] {
  return TARGET_FIELDS.filter((field) => {
    if (after[field] === before[field] || after[field] === entered[field]) return false;
    if (field === 'endpoint' && isSameEndpoint(after.endpoint, entered.endpoint, region)) return false;
    return !(field === 'bucket' && (entered.bucket === null || after.bucket === null));
  });
}

/**
 * Refuses to change the target to one for which the pair of keys in force is not meant: the pair of the environment, of the config file or
 * of a role. A pair that did not belong to the target before does not keep anybody from other changes.
 * @throws SettingsRefused SECRET_REQUIRED
 */
function requirePair(before: Resolution, after: Resolution): void {
  const { credentials, bucket } = after.settings;
  if (credentials.kind !== 'elsewhere' || bucket === null) return;
  const moved = TARGET_FIELDS.filter((field) => field !== 'accessKeyId' && after.settings[field] !== before.settings[field]);
  const message = `changed: the secret access key ${strayed(credentials.source)}`;
  if (moved.length > 0) throw new SettingsRefused('SECRET_REQUIRED', moved.map((path) => ({ path, message })));
}

/**
 * Returns the settings as they would be stored after the patch: absent fields stay as they are, and null removes a field. If the access
 * key goes, its secret goes too.
 *
 * @param resolve resolves stored settings as the instance would
 * @throws SettingsRefused SECRET_REQUIRED if the stored secret would be used at another target than the one it was entered for, or if
 *   the target changes to one for which no pair of keys is meant;
 *   INVALID_SETTINGS if a provider other than Amazon is left without an endpoint
 */
export function applyPatch(
  stored: StoredSettings,
  patch: SettingsPatch,
  resolve: (stored: StoredSettings) => Resolution,
): { stored: StoredSettings; secretChanged: boolean } {
  const { secretAccessKey, ...values } = patch;
  const settings: Record<string, unknown> = { ...stored.settings };
  for (const [name, value] of Object.entries(values)) {
    if (value === null) delete settings[name];
    else if (value !== undefined) settings[name] = value;
  }

  const removed = secretAccessKey === null || (secretAccessKey === undefined && patch.accessKeyId === null);
  const secret: StoredSettings['secret'] = removed
    ? { kind: 'none' }
    : secretAccessKey
      ? { kind: 'readable', value: secretAccessKey }
      : stored.secret;
  const secretChanged = removed || Boolean(secretAccessKey);
  const after = resolve({ ...stored, settings, secret });

  const touchesPlace = patch.endpoint !== undefined || patch.provider !== undefined;
  if (touchesPlace && after.settings.provider !== 'aws' && after.settings.endpoint === null && after.settings.bucket !== null) {
    const { label, endpointPattern } = presetOf(after.settings.provider);
    throw new SettingsRefused('INVALID_SETTINGS', [{ path: 'endpoint', message: `is needed for ${label}, such as ${endpointPattern}`, missing: true }]);
  }

  const target = targetOf({ ...stored, settings }, after);
  let secretFor: SecretTarget | null = secret.kind === 'none' ? null : target;
  if (!secretChanged && secret.kind !== 'none') {
    const before = targetOf(stored, resolve(stored));
    const entered = stored.secretFor ?? before;
    const moved = movedFields(entered, before, target, after.settings.signingRegion);
    if (moved.length > 0) {
      const fields = moved.map((path) => ({ path, message: 'changed: enter the secret access key again' }));
      throw new SettingsRefused('SECRET_REQUIRED', fields);
    }
    secretFor = { ...entered, bucket: entered.bucket ?? target.bucket };
  }
  const next: StoredSettings = { settings, secret, secretFor };
  requirePair(resolve(stored), resolve(next));
  return { stored: next, secretChanged };
}
