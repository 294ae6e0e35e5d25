import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

import type { OpenedSecret, SecretBox } from '../../core/settings/ports';
import type { SecretTarget } from '../../core/settings/types';

/**
 * The forms of a sealed secret, by their first three characters. `h`: the host's encryption service sealed it; the rest is that service's
 * answer. `k`: the plugin sealed it; the rest is `salt:iv:ciphertext:tag` in base64url, AES-256-GCM with a key derived from one of
 * `server.app.keys`. `1`, from version 0.1: the secret alone. `2`: the secret and its target, as JSON. Both are authenticated as a whole, so
 * that nobody can exchange the target; the host's service takes no additional data.
 */
const FORMS = { host: { bare: 'h1:', placed: 'h2:' }, appKeys: { bare: 'k1:', placed: 'k2:' } } as const;

/** Binds a sealed text to its use and form: nobody can move it here from another project that knows the same keys. */
const PURPOSES = { bare: Buffer.from('strapi-plugin-s3-storage/secret/v1'), placed: Buffer.from('strapi-plugin-s3-storage/secret/v2') };

const TAG_BYTES = 16;

export interface SecretBoxDeps {
  /**
   * Strapi's `admin::encryption`; undefined while `admin.secrets.encryptionKey` is not set, because the service would log a warning at each
   * call.
   */
  host: { encrypt(text: string): string | null; decrypt(sealed: string): string | null } | undefined;
  /** `app.keys` of config/server. The first key seals, and each key opens: a project rotates keys by putting a new one in front. */
  appKeys: readonly string[];
}

class AppKeyBox {
  /** The derived keys. Deriving one deliberately costs about 50 ms, and each change of the settings needs one again. */
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
        // the text was sealed with another key, or is damaged: the tag does not tell which
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

/** Reads a secret with its target. @returns null for any other text */
function parsePlaced(text: string | null): OpenedSecret | null {
  const parsed: unknown = text === null ? null : JSON.parse(text);
  if (!Array.isArray(parsed) || typeof parsed[0] !== 'string') return null;
  const [value, ...fields] = parsed as unknown[];
  const [endpoint = null, bucket = null, accessKeyId = null] = fields.map((field) => (typeof field === 'string' ? field : null));
  return { value: value as string, target: { endpoint, bucket, accessKeyId } };
}

const bare = (value: string | null): OpenedSecret | null => (value ? { value, target: null } : null);

/** Makes a box that seals with the host's key if there is one, and opens the secrets that either key has sealed. */
export function createSecretBox({ host, appKeys }: SecretBoxDeps): SecretBox {
  const own = new AppKeyBox(appKeys);
  return {
    seal(text, { endpoint, bucket, accessKeyId }: SecretTarget) {
      if (text === '') throw new RangeError('An empty secret cannot be sealed');
      const placed = JSON.stringify([text, endpoint, bucket, accessKeyId]);
      const byHost = host?.encrypt(placed);
      return byHost ? `${FORMS.host.placed}${byHost}` : `${FORMS.appKeys.placed}${own.seal(placed)}`;
    },
    open(sealed) {
      try {
        const rest = sealed.slice(3);
        // the host throws for a text that it does not know, and answers null for another key
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

/** The part of Strapi that the secrets need. */
interface SecretsHost {
  config: { get(path: string): unknown };
  service(uid: 'admin::encryption'): unknown;
}

function isEncryption(service: unknown): service is NonNullable<SecretBoxDeps['host']> {
  return typeof service === 'object' && service !== null && 'encrypt' in service && 'decrypt' in service;
}

/** Returns the box of a Strapi instance. It works from `register()` on. */
export function strapiSecretBox(strapi: SecretsHost): SecretBox {
  const service = strapi.config.get('admin.secrets.encryptionKey') ? strapi.service('admin::encryption') : undefined;
  const keys = strapi.config.get('server.app.keys');
  const appKeys = (Array.isArray(keys) ? keys : [keys]).filter((key): key is string => typeof key === 'string' && key !== '');
  return createSecretBox({ host: isEncryption(service) ? service : undefined, appKeys });
}
