import { jobsController } from './jobs';
import { objectsController } from './objects';
import { settingsController } from './settings';
import { statusController } from './status';

export const controllers = { settings: settingsController, status: statusController, objects: objectsController, jobs: jobsController };
