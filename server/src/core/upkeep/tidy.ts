import { tmpdir } from 'node:os';
import type { MoveParts } from '../jobs/deps';
import { removeTemporaryFiles } from '../store/local/temporary-files';

/** Age from which an untouched temporary file counts as left by a crash, in milliseconds. No upload pauses for a day. */
const LEFT_AFTER_MS = 24 * 3600_000;

/** Removes the temporary files that crashed processes left. @param system the system's temporary folder */
export async function tidy(deps: Pick<MoveParts, 'volume' | 'clock' | 'log'>, system = tmpdir()): Promise<void> {
  const { volume, clock, log } = deps;
  const places = { uploads: volume.root, system };
  const removed = await removeTemporaryFiles(places, clock.now() - LEFT_AFTER_MS, (path, error) => {
    log.debug(`The temporary file ${path} stays: ${String(error)}`);
  });
  if (removed > 0) log.info(`${removed} temporary file(s) that a crash had left were removed`);
}
