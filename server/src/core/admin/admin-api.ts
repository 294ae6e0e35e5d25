import type { StatusAnswer } from '../../contracts/api';
import type { JobRunner } from '../runner/runner';
import type { ClaimApi } from './claim';
import type { JobsApi } from './jobs';
import type { ObjectsApi } from './objects';
import type { SettingsApi } from './settings';

/**
 * Everything that people can see of the plugin and change in it. The panel's routes and the command line both use it, so that they cannot
 * say different things. Names, bodies and queries come in unchecked. A refusal is a StorageError with its code; a RequestRefused also
 * names each bad field.
 */
export interface AdminApi {
  readonly settings: SettingsApi;
  readonly claim: ClaimApi;
  readonly jobs: JobsApi;
  readonly objects: ObjectsApi;
  status(): Promise<StatusAnswer>;
  /** Works on a job in this process until nothing is left to do; see {@link JobRunner.runNow}. */
  readonly runNow: JobRunner['runNow'];
}
