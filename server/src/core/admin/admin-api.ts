import type { StatusAnswer } from '../../contracts/api';
import type { JobRunner } from '../runner/runner';
import type { JobsApi } from './jobs';
import type { ObjectsApi } from './objects';
import type { SettingsApi } from './settings';

/**
 * Everything that people see of the plugin and change in it. The panel's routes and the command line both stand on it, so that they
 * cannot tell different stories. Names, bodies and queries come unchecked; a refusal is a StorageError with its code, and a
 * RequestRefused names each bad field.
 */
export interface AdminApi {
  readonly settings: SettingsApi;
  readonly jobs: JobsApi;
  readonly objects: ObjectsApi;
  status(): Promise<StatusAnswer>;
  /** Works on a job in this process until nothing is left to do; see {@link JobRunner.runNow}. */
  readonly runNow: JobRunner['runNow'];
}
