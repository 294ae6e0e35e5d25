import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Names that no upload of Strapi's has; as images, since many web servers have rules of their own for those. */
const MARK = /^s3-storage-mark-([0-9a-f]{32})-([0-9a-f]{32})\.png$/;

export interface Mark {
  /** The file name below `/uploads/`. */
  readonly name: string;
  /** What this plugin, and nobody else, answers to it. */
  readonly answer: string;
}

/**
 * Names below `/uploads/` to which only this plugin knows the answer, in every process of the project: by a key that they share. Nothing
 * is remembered, and a name that was not made with the key is answered by nobody.
 */
export class PublicMarks {
  constructor(private readonly key: string) {}

  fresh(): Mark {
    const nonce = randomBytes(16).toString('hex');
    return { name: `s3-storage-mark-${nonce}-${this.#sign('name', nonce)}.png`, answer: this.#sign('answer', nonce) };
  }

  /** @returns undefined for a name that is no mark */
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
