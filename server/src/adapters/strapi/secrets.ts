import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

import type { OpenedSecret, SecretBox } from '../../core/settings/ports';
import type { SecretPlace } from '../../core/settings/types';

/**
 * The forms of a sealed secret, by their first three characters. `h`: sealed by the host's encryption service, and whatever it
 * answered. `k`: sealed by ourselves: `salt:iv:ciphertext:tag`, base64url, AES-256-GCM under a key derived from one of
 * `server.app.keys`. `1`, written by version 0.1: the secret alone. `2`: the secret and its place, as JSON. Both are
 * authenticated as a whole, so that the place cannot be exchanged; the host's service takes no additional data.
 */
const FORMS = { host: { bare: 'h1:', placed: 'h2:' }, appKeys: { bare: 'k1:', placed: 'k2:' } } as const;

/** Binds a sealed text to its use and form: it cannot be moved here from another place that knows the same keys. */
const PURPOSES = { bare: Buffer.from('strapi-plugin-s3-storage/secret/v1'), placed: Buffer.from('strapi-plugin-s3-storage/secret/v2') };

const TAG_BYTES = 16;

export interface SecretBoxDeps {
  /** Strapi's `admin::encryption`; undefined while `admin.secrets.encryptionKey` is not set: it logs a warning at each call then. */
  host: { encrypt(text: string): string | null; decrypt(sealed: string): string | null } | undefined;
  /** `app.keys` of config/server: the first seals, each opens (keys are rotated by putting a new one in front). */
  appKeys: readonly string[];
}

class AppKeyBox {
  /** Deriving a key costs some 50 ms on purpose; one is needed again at each change of the settings. */
  private readonly derived = new Map<string, Buffer>();

  constructor(private readonly keys: readonly string[]) {}

  seal(text: string): string {
    const [key] = this.keys;
    if (!key) throw new Error('Neither admin.secrets.encryptionKey nor app.keys is set: the secret cannot be stored encrypted');
    const salt = randomBytes(16);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.derive(key, salt), iv);
    cipher.setAAD(PURPOSES.placed);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [salt, iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url')).join(':');
  }

  open(text: string, form: keyof typeof PURPOSES): string | null {
    const [salt, iv, sealed, tag, ...rest] = text.split(':').map((part) => Buffer.from(part, 'base64url'));
    if (salt?.length !== 16 || iv?.length !== 12 || !sealed || tag?.length !== TAG_BYTES || rest.length > 0) return null;
    for (const key of this.keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', this.derive(key, salt), iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(PURPOSES[form]);
        decipher.setAuthTag(tag);
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
      } catch {
        // sealed under another key, or damaged: the tag does not tell which
      }
    }
    return null;
  }

  private derive(key: string, salt: Buffer): Buffer {
    const id = `${salt.toString('hex')}:${key}`;
    const known = this.derived.get(id);
    if (known) return known;
    const derived = scryptSync(key, salt, 32);
    this.derived.set(id, derived);
    return derived;
  }
}

/** @returns null for what is no secret with its place */
function parsePlaced(text: string | null): OpenedSecret | null {
  const parsed: unknown = text === null ? null : JSON.parse(text);
  if (!Array.isArray(parsed) || typeof parsed[0] !== 'string') return null;
  const [value, ...fields] = parsed as unknown[];
  const [endpoint = null, bucket = null, accessKeyId = null] = fields.map((field) => (typeof field === 'string' ? field : null));
  return { value: value as string, place: { endpoint, bucket, accessKeyId } };
}

const bare = (value: string | null): OpenedSecret | null => (value ? { value, place: null } : null);

/** A box that seals with the host's key when there is one and opens whatever either has sealed. */
export function createSecretBox({ host, appKeys }: SecretBoxDeps): SecretBox {
  const own = new AppKeyBox(appKeys);
  return {
    seal(text, { endpoint, bucket, accessKeyId }: SecretPlace) {
      if (text === '') throw new RangeError('An empty secret cannot be sealed');
      const placed = JSON.stringify([text, endpoint, bucket, accessKeyId]);
      const byHost = host?.encrypt(placed);
      return byHost ? `${FORMS.host.placed}${byHost}` : `${FORMS.appKeys.placed}${own.seal(placed)}`;
    },
    open(sealed) {
      try {
        const rest = sealed.slice(3);
        // the host throws on what it does not know and answers null for another key
        if (sealed.startsWith(FORMS.host.placed)) return parsePlaced(host?.decrypt(rest) || null);
        if (sealed.startsWith(FORMS.host.bare)) return bare(host?.decrypt(rest) || null);
        if (sealed.startsWith(FORMS.appKeys.placed)) return parsePlaced(own.open(rest, 'placed'));
        return sealed.startsWith(FORMS.appKeys.bare) ? bare(own.open(rest, 'bare')) : null;
      } catch {
        return null;
      }
    },
  };
}

/** The part of Strapi that secrets need. */
interface SecretsHost {
  config: { get(path: string): unknown };
  service(uid: 'admin::encryption'): unknown;
}

function isEncryption(service: unknown): service is NonNullable<SecretBoxDeps['host']> {
  return typeof service === 'object' && service !== null && 'encrypt' in service && 'decrypt' in service;
}

/** The box of a Strapi instance. Usable from `register()` on. */
export function strapiSecretBox(strapi: SecretsHost): SecretBox {
  const service = strapi.config.get('admin.secrets.encryptionKey') ? strapi.service('admin::encryption') : undefined;
  const keys = strapi.config.get('server.app.keys');
  const appKeys = (Array.isArray(keys) ? keys : [keys]).filter((key): key is string => typeof key === 'string' && key !== '');
  return createSecretBox({ host: isEncryption(service) ? service : undefined, appKeys });
}
