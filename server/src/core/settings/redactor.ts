import { redact } from './redact';

/**
 * Knows the secrets of this process, and takes them out of texts for the log. It is made before anything that opens a secret. It forgets
 * none: a request that was signed with a replaced secret may still fail, and be logged.
 */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** From now on no text that {@link clean} returns contains this secret. */
  learn(secret: string): void {
    this.#secrets.add(secret);
  }

  /** Returns the text without any known secret, and without texts that look like one. */
  clean(text: string): string {
    return redact(text, this.#secrets);
  }
}
