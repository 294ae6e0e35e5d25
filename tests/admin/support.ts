import { SETTING_NAMES, type PublicSettings, type SettingSource, type SettingSources } from '../../server/src/contracts/settings';
import { publicSettings, resolve } from '../../server/src/core/settings/resolve';
import { NOTHING_STORED } from '../../server/src/core/settings/types';
import { loadForm, reduceForm } from '../../admin/src/utils/formState';
import type { FormAction, FormState } from '../../admin/src/utils/formState';

/** The answer to a project without any settings. */
export const FRESH: PublicSettings = publicSettings(resolve({ database: NOTHING_STORED, configFile: null, variables: {} }).settings);

export const STORED: PublicSettings = {
  ...FRESH,
  provider: 'digitalocean',
  bucket: 'media',
  region: 'fra1',
  endpoint: 'https://fra1.digitaloceanspaces.com',
  accessKeyId: 'KEY',
  secretAccessKeySet: true,
};

export const sourcesOf = (source: SettingSource) => Object.fromEntries(SETTING_NAMES.map((name) => [name, source])) as SettingSources;

/** A form after some actions, as a person would do them one after the other. */
export const formAfter = (settings: PublicSettings, ...actions: FormAction[]): FormState =>
  actions.reduce(reduceForm, loadForm(settings));

/** The changes of somebody who types a text, one for each character. */
export const typed = (name: 'region' | 'endpoint' | 'bucket', text: string): FormAction[] =>
  [...text].map((_, index) => ({ type: 'changed', values: { [name]: text.slice(0, index + 1) } }));
