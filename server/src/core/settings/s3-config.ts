import { StorageError } from '../errors';
import type { S3Config } from '../store/s3/client';
import type { ResolvedSettings } from './types';

/** Returns the configuration of the S3 client. @throws StorageError SECRET_UNREADABLE, SECRET_REQUIRED or NO_CREDENTIALS without usable credentials */
export function s3ConfigOf(settings: ResolvedSettings): S3Config {
  const { credentials } = settings;
  if (credentials.kind === 'unreadable') throw new StorageError('SECRET_UNREADABLE', { refused: true });
  if (credentials.kind === 'elsewhere') throw new StorageError('SECRET_REQUIRED', { refused: true });
  if (credentials.kind === 'incomplete') throw new StorageError('NO_CREDENTIALS', { refused: true });
  return {
    endpoint: settings.endpoint ?? undefined,
    publicEndpoint: settings.publicEndpoint ?? undefined,
    region: settings.signingRegion,
    forcePathStyle: settings.forcePathStyle,
    credentials:
      credentials.kind === 'static'
        ? { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey }
        : undefined,
    connectTimeoutMs: settings.connectTimeoutMs,
    timeoutMs: settings.timeoutMs,
  };
}
