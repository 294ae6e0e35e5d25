import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Matches names that no upload of Strapi has. They look like images, because many web servers have special rules for images. */
const MARK = /^s3-storage-mark-([0-9a-f]{32})-([0-9a-f]{32})\.png$/;

export interface Mark {
  /** The file name below `/uploads/`. */
  readonly name: string;
  /** The answer that this plugin, and nobody else, gives to a request for the name. */
  readonly answer: string;
}

/**
 * Makes names below `/uploads/` to which only this plugin knows the answer. Every process of the project knows it, because all of them share
 * a key. Nobody has to remember a name, and nobody answers a name that was not made with the key.
 */
export class PublicMarks {
  constructor(private readonly key: string) {}

  /** Makes a mark with a new name. */
  fresh(): Mark {
    const nonce = randomBytes(16).toString('hex');
    return { name: `s3-storage-mark-${nonce}-${this.#sign('name', nonce)}.png`, answer: this.#sign('answer', nonce) };
  }

  /** @returns the answer to a name; undefined if the name is no mark */
  answerTo(name: string): string | undefined {
    const [, nonce, signature] = MARK.exec(name) ?? [];
    if (!nonce || !signature) return undefined;
    const isMade = timingSafeEqual(Buffer.from(this.#sign('name', nonce)), Buffer.from(signature));
    return isMade ? this.#sign('answer', nonce) : undefined;
  }

  #sign(use: string, nonce: string): string {
    return createHmac('sha256', this.key).update(`s3-storage public url ${use} ${nonce}`).digest('hex').slice(0, 32);
  }
}
