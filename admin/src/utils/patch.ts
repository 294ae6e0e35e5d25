import type { SettingsPatch } from '../../../server/src/contracts/settings';
import { FIELDS, toSettings } from './fields';
import type { FieldName } from './fields';
import type { FormState } from './formState';

const assign = <K extends FieldName>(patch: SettingsPatch, name: K, value: SettingsPatch[K]) => {
  patch[name] = value;
};

export const isReset = (state: FormState, name: FieldName) => state.resets.includes(name);

export const isChanged = (state: FormState, name: FieldName) =>
  !isReset(state, name) && toSettings(state.values)[name] !== toSettings(state.initial)[name];

/** Only what differs from the server's answer: what comes from config or environment is not copied into the database. */
export function toPatch(state: FormState): SettingsPatch {
  const settings = toSettings(state.values);
  const patch: SettingsPatch = {};
  for (const name of FIELDS) {
    if (isReset(state, name)) assign(patch, name, null);
    else if (isChanged(state, name)) assign(patch, name, settings[name]);
  }
  if (state.secret.kind === 'remove') patch.secretAccessKey = null;
  if (state.secret.kind === 'replace' && state.secret.value.trim() !== '') {
    patch.secretAccessKey = state.secret.value.trim();
    // Stored as a pair, even when the key ID is the one that config or environment already gave.
    patch.accessKeyId = settings.accessKeyId;
  }
  return patch;
}

export const isDirty = (state: FormState) => Object.keys(toPatch(state)).length > 0;
