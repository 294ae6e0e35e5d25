import { createHash, createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

import { createSecretBox, strapiSecretBox, type SecretBoxDeps } from '../../../server/src/adapters/strapi/secrets';

/** Strapi's `admin::encryption` with its traps: it returns null without a key or with another one, and throws on unknown texts. */
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
const TARGET = { endpoint: 'https://s3.example.com', bucket: 'media', accessKeyId: 'AKIA' };
const OPENED = { value: SECRET, target: TARGET };
const keysOnly = (...appKeys: string[]) => createSecretBox({ host: undefined, appKeys });

describe.each([
  ['with the host’s key', createSecretBox({ host: hostWith('k'), appKeys: ['a'] }), /^h2:v1:/],
  ['under app.keys', keysOnly('a', 'b'), /^k2:/],
  ['where the host has no key after all', createSecretBox({ host: hostWith(null), appKeys: ['a'] }), /^k2:/],
])('the secret box %s', (_title, box, form) => {
  test('opens what it has sealed, and the sealed text does not show the secret', () => {
    const sealed = box.seal(SECRET, TARGET);
    expect(sealed).toMatch(form);
    expect(sealed).not.toContain('wJalr');
    expect(box.seal(SECRET, TARGET)).not.toBe(sealed);
    expect(box.open(sealed)).toEqual(OPENED);
  });

  test('never throws when it opens a damaged or foreign text', () => {
    const sealed = box.seal(SECRET, TARGET);
    const damaged = [sealed.slice(0, -4), sealed.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), `${sealed}:x`, sealed.toUpperCase()];
    for (const text of ['', 'h1:', 'k1:', 'h1:v2:x', 'h1:plain', 'k1:a:b:c:d', 'k1::::', 'h2:', 'k2:', 'h2:plain', 'k2:a:b:c:d', 'k9:later', SECRET]) expect(box.open(text)).toBeNull();
    for (const text of damaged) expect([null, OPENED]).toContainEqual(box.open(text));
  });

  test('refuses to seal an empty secret', () => expect(() => box.seal('', TARGET)).toThrow(RangeError));
});

test('a secret stays readable when a new key is put in front of app.keys', () => {
  const sealed = keysOnly('old').seal(SECRET, TARGET);
  expect(keysOnly('new', 'old').open(sealed)).toEqual(OPENED);
  expect(keysOnly('new').open(sealed)).toBeNull();
  expect(keysOnly('old').open(keysOnly('new', 'old').seal(SECRET, TARGET))).toBeNull();
});

test('a sealed secret opens only with the key that sealed it', () => {
  const both = createSecretBox({ host: hostWith('k'), appKeys: ['a'] });
  expect(both.open(keysOnly('a').seal(SECRET, TARGET))).toEqual(OPENED); // sealed before the host’s key was set
  expect(keysOnly('a').open(both.seal(SECRET, TARGET))).toBeNull(); // the host’s key was removed
  expect(createSecretBox({ host: hostWith('other'), appKeys: ['a'] }).open(both.seal(SECRET, TARGET))).toBeNull();
  expect(() => keysOnly().seal(SECRET, TARGET)).toThrow(/app\.keys/);
});

describe('a secret that version 0.1 has sealed without a target', () => {
  test('opens with app.keys', () => {
    const [salt, iv] = [randomBytes(16), randomBytes(12)];
    const cipher = createCipheriv('aes-256-gcm', scryptSync('a', salt, 32), iv);
    cipher.setAAD(Buffer.from('strapi-plugin-s3-storage/secret/v1'));
    const text = Buffer.concat([cipher.update(SECRET, 'utf8'), cipher.final()]);
    const parts = [salt, iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url')).join(':');
    expect(keysOnly('a').open(`k1:${parts}`)).toEqual({ value: SECRET, target: null });
    // it does not pass for a text of the newer version
    expect(keysOnly('a').open(`k2:${parts}`)).toBeNull();
  });

  test('opens with the host’s key', () => {
    const sealed = hostWith('k').encrypt(SECRET)!;
    const box = createSecretBox({ host: hostWith('k'), appKeys: [] });
    expect(box.open(`h1:${sealed}`)).toEqual({ value: SECRET, target: null });
    expect(box.open(`h2:${sealed}`)).toBeNull();
  });
});

test('a Strapi instance seals with its encryption key, or with app.keys where it has none', () => {
  const strapi = (config: Record<string, unknown>) => ({ config: { get: (path: string) => config[path] }, service: () => hostWith('k') });
  expect(strapiSecretBox(strapi({ 'admin.secrets.encryptionKey': 'k' })).seal(SECRET, TARGET)).toMatch(/^h2:/);
  expect(strapiSecretBox(strapi({ 'server.app.keys': ['a', 'b'] })).seal(SECRET, TARGET)).toMatch(/^k2:/);
  expect(strapiSecretBox(strapi({ 'server.app.keys': 'a' })).seal(SECRET, TARGET)).toMatch(/^k2:/);
});
