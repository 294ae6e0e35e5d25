import { settingsController } from './settings';
import { statusController } from './status';

export const controllers = { settings: settingsController, status: statusController };
