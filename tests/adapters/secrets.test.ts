import { createHash, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { createSecretBox, strapiSecretBox, type SecretBoxDeps } from '../../server/src/adapters/secrets';

/** Strapi's `admin::encryption` with its traps: null without a key or with another one, throws on what it does not know. */
function hostWith(key: string | null): NonNullable<SecretBoxDeps['host']> {
  const hashed = key && createHash('sha256').update(key).digest();
  return {
    encrypt(text) {
      if (!hashed) return null;
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-gcm', hashed, iv);
      const sealed = cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
      return `v1:${iv.toString('hex')}:${sealed}:${cipher.getAuthTag().toString('hex')}`;
    },
    decrypt(sealed) {
      const [version, iv, text, tag] = sealed.split(':');
      if (version !== 'v1') throw new Error('Unsupported encryption version');
      if (!iv || !text || !tag) throw new Error('Invalid encrypted value format');
      if (!hashed) return null;
      try {
        const decipher = createDecipheriv('aes-256-gcm', hashed, Buffer.from(iv, 'hex'));
        decipher.setAuthTag(Buffer.from(tag, 'hex'));
        return decipher.update(text, 'hex', 'utf8') + decipher.final('utf8');
      } catch {
        return null;
      }
    },
  };
}

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY ü';
const keysOnly = (...appKeys: string[]) => createSecretBox({ host: undefined, appKeys });

describe.each([
  ['with the host’s key', createSecretBox({ host: hostWith('k'), appKeys: ['a'] }), /^h1:v1:/],
  ['under app.keys', keysOnly('a', 'b'), /^k1:/],
  ['where the host has no key after all', createSecretBox({ host: hostWith(null), appKeys: ['a'] }), /^k1:/],
])('%s', (_title, box, form) => {
  test('what is sealed opens again, and does not show', () => {
    const sealed = box.seal(SECRET);
    expect(sealed).toMatch(form);
    expect(sealed).not.toContain('wJalr');
    expect(box.seal(SECRET)).not.toBe(sealed);
    expect(box.open(sealed)).toBe(SECRET);
  });

  test('nothing makes it throw on opening', () => {
    const sealed = box.seal(SECRET);
    const damaged = [sealed.slice(0, -4), sealed.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), `${sealed}:x`, sealed.toUpperCase()];
    for (const text of ['', 'h1:', 'k1:', 'h1:v2:x', 'h1:plain', 'k1:a:b:c:d', 'k1::::', 'k9:later', SECRET]) expect(box.open(text)).toBeNull();
    for (const text of damaged) expect([null, SECRET]).toContain(box.open(text));
  });

  test('an empty secret is not sealed', () => expect(() => box.seal('')).toThrow(RangeError));
});

test('app.keys are rotated by putting a new one in front', () => {
  const sealed = keysOnly('old').seal(SECRET);
  expect(keysOnly('new', 'old').open(sealed)).toBe(SECRET);
  expect(keysOnly('new').open(sealed)).toBeNull();
  expect(keysOnly('old').open(keysOnly('new', 'old').seal(SECRET))).toBeNull();
});

test('each form opens with its own key only', () => {
  const both = createSecretBox({ host: hostWith('k'), appKeys: ['a'] });
  expect(both.open(keysOnly('a').seal(SECRET))).toBe(SECRET); // sealed before the host’s key was set
  expect(keysOnly('a').open(both.seal(SECRET))).toBeNull(); // the host’s key was removed
  expect(createSecretBox({ host: hostWith('other'), appKeys: ['a'] }).open(both.seal(SECRET))).toBeNull();
  expect(() => keysOnly().seal(SECRET)).toThrow(/app\.keys/);
});

test('of a Strapi instance', () => {
  const strapi = (config: Record<string, unknown>) => ({ config: { get: (path: string) => config[path] }, service: () => hostWith('k') });
  expect(strapiSecretBox(strapi({ 'admin.secrets.encryptionKey': 'k' })).seal(SECRET)).toMatch(/^h1:/);
  expect(strapiSecretBox(strapi({ 'server.app.keys': ['a', 'b'] })).seal(SECRET)).toMatch(/^k1:/);
  expect(strapiSecretBox(strapi({ 'server.app.keys': 'a' })).seal(SECRET)).toMatch(/^k1:/);
});
