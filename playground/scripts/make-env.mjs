// Gives a playground that is started by hand its own secrets, once. Tests and demo pass theirs in the environment.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../.env', import.meta.url));
const names = ['APP_KEYS', 'ADMIN_JWT_SECRET', 'API_TOKEN_SALT', 'TRANSFER_TOKEN_SALT', 'ENCRYPTION_KEY', 'JWT_SECRET'];

if (!existsSync(file)) {
  const lines = names.map((name) => `${name}=${randomBytes(24).toString('base64url')}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}
