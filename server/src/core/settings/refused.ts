import { RequestRefused } from '../refused';

/** The refusal of a body of the settings API, with the path of each field to correct. Nothing has changed. */
export class SettingsRefused extends RequestRefused {}
