import type { ErrorCode } from '../contracts/errors';
import type { FieldError } from '../contracts/settings';
import { StorageError } from './errors';

/** The refusal of a request to the admin API, with the path of each field to correct. Nothing has changed. */
export class RequestRefused extends StorageError {
  constructor(
    code: Extract<ErrorCode, 'INVALID_SETTINGS' | 'ENDPOINT_FORBIDDEN' | 'SECRET_REQUIRED' | 'INVALID_QUERY'>,
    readonly fields: readonly FieldError[],
  ) {
    super(code, { refused: true });
  }
}
