import path from 'node:path';

import { startProcess, waitUntil } from '../support/process';

const ROOT = path.resolve(__dirname, '../..');
const TSX = path.join(ROOT, 'node_modules/tsx/dist/cli.mjs');

async function command(script: string, ...args: string[]): Promise<{ code: number | null; said: string }> {
  const running = startProcess(process.execPath, [TSX, `scripts/${script}.ts`, ...args], { cwd: ROOT });
  try {
    const { code } = await waitUntil(script, () => running.exited(), 240_000);
    return { code, said: running.logs() };
  } finally {
    await running.stop('SIGTERM');
  }
}

// a campaign that never fails proves nothing
test.each(['verify-kills', 'verify-copies'])('%s notices a byte that was changed and an object that is gone', async (script) => {
  const { code, said } = await command(script, '--times', '1', '--s3', 'embedded', '--seed', 'sabotage', '--sabotage');
  expect(said).toMatch(/VIOLATION: the object ".*" has the MD5 \w{32} instead of \w{32}/);
  expect(said).toMatch(/VIOLATION: the ledger says (remote|both), and the object ".*" is not in the bucket/);
  expect(said).toMatch(/2 violation\(s\)/);
  expect(code).toBe(1);
}, 300_000);
