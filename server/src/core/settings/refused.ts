import type { ErrorCode } from '../../contracts/errors';
import type { FieldError } from '../../contracts/settings';
import { RequestRefused } from '../refused';

/** A body of the settings API that was not accepted, with the path of each field to correct. Nothing was changed. */
export class SettingsRefused extends RequestRefused {
  constructor(code: Extract<ErrorCode, 'INVALID_SETTINGS' | 'ENDPOINT_FORBIDDEN' | 'SECRET_REQUIRED'>, fields: readonly FieldError[]) {
    super(code, fields);
  }
}
