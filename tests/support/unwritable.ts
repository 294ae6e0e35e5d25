import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Makes a folder and its content unwritable for this process. No rights apply to root, so for root the folder is mounted read-only over
 * itself. @returns a function that undoes it
 */
export async function makeUnwritable(folder: string): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0o555);
    return () => chmod(folder, 0o755);
  }
  try {
    await run('mount', ['--bind', folder, folder]);
    await run('mount', ['-o', 'remount,ro,bind', folder]);
    return async () => void (await run('umount', [folder]));
  } catch {
    // a container that may not mount may still protect a folder
    await run('chattr', ['-R', '+i', folder]);
    return async () => void (await run('chattr', ['-R', '-i', folder]));
  }
}
