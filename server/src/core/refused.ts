import type { ErrorCode } from '../contracts/errors';
import type { FieldError } from '../contracts/settings';
import { StorageError } from './errors';

/** A request of the admin API that was not accepted, with the path of each field to correct. Nothing was changed. */
export class RequestRefused extends StorageError {
  constructor(
    code: Extract<ErrorCode, 'INVALID_SETTINGS' | 'ENDPOINT_FORBIDDEN' | 'SECRET_REQUIRED' | 'INVALID_QUERY'>,
    readonly fields: readonly FieldError[],
  ) {
    super(code, { refused: true });
  }
}
