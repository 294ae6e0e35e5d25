import { RequestRefused } from '../refused';

/** A body of the settings API that was not accepted, with the path of each field to correct. Nothing was changed. */
export class SettingsRefused extends RequestRefused {}
