import type { ErrorCode } from '../../contracts/errors';
import type { FieldError } from '../../contracts/settings';
import { StorageError } from '../errors';

/** A body of the settings API that was not accepted, with the path of each field to correct. Nothing was changed. */
export class SettingsRefused extends StorageError {
  constructor(
    code: Extract<ErrorCode, 'INVALID_SETTINGS' | 'ENDPOINT_FORBIDDEN' | 'SECRET_REQUIRED'>,
    readonly fields: readonly FieldError[],
  ) {
    super(code, { refused: true });
  }
}
