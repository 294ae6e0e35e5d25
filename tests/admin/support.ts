import type { PublicSettings, SettingSources } from '../../server/src/contracts/settings';
import { loadForm, reduceForm } from '../../admin/src/utils/formState';
import type { FormAction, FormState } from '../../admin/src/utils/formState';

export const FRESH: PublicSettings = {
  provider: 'aws',
  bucket: null,
  region: null,
  endpoint: null,
  forcePathStyle: false,
  accessKeyId: null,
  secretAccessKeySet: false,
  prefix: '',
  productionOnly: false,
  maxAttempts: 3,
  timeoutMs: 30_000,
  connectTimeoutMs: 3_000,
  cacheControl: null,
  concurrency: 4,
  onOutage: 'local',
  batchSize: 100,
  migrationMaxId: null,
  cleanupGraceDays: 0,
  uploadSchedule: '*/2 * * * *',
  uploadScheduleEnabled: false,
  cleanupSchedule: '*/2 * * * *',
  cleanupScheduleEnabled: false,
  leaving: false,
};

export const STORED: PublicSettings = {
  ...FRESH,
  provider: 'digitalocean',
  bucket: 'media',
  region: 'fra1',
  endpoint: 'https://fra1.digitaloceanspaces.com',
  accessKeyId: 'KEY',
  secretAccessKeySet: true,
};

export const sourcesOf = (source: SettingSources['bucket']): SettingSources => ({
  provider: source,
  bucket: source,
  region: source,
  endpoint: source,
  forcePathStyle: source,
  accessKeyId: source,
  secretAccessKey: source,
  prefix: source,
  productionOnly: source,
  maxAttempts: source,
  timeoutMs: source,
  connectTimeoutMs: source,
  cacheControl: source,
  concurrency: source,
  onOutage: source,
  batchSize: source,
  migrationMaxId: source,
  cleanupGraceDays: source,
  uploadSchedule: source,
  uploadScheduleEnabled: source,
  cleanupSchedule: source,
  cleanupScheduleEnabled: source,
  leaving: source,
});

/** A form after some actions, as a person would do them one after the other. */
export const formAfter = (settings: PublicSettings, ...actions: FormAction[]): FormState =>
  actions.reduce(reduceForm, loadForm(settings));

/** Typing as it happens: one change per character. */
export const typed = (name: 'region' | 'endpoint' | 'bucket', text: string): FormAction[] =>
  [...text].map((_, index) => ({ type: 'changed', values: { [name]: text.slice(0, index + 1) } }));
