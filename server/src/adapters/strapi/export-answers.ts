import { ReadableStream } from 'node:stream/web';
import type { Clock } from '../../core/clock';
import type { ObjectKey } from '../../core/keys';
import type { WholeFile } from '../../core/media/whole-files';
import type { ExportedFiles } from './exported-files';
import { UnreadBytes } from './unread-bytes';

/** Number of files that are kept between the question for their size and the question for their bytes. */
const KEPT_FILES = 2;
/** Number of bytes that Strapi may leave unread before it gets a further file. */
const UNREAD_BYTES = 32 * 1024 * 1024;

/**
 * Answers the questions of an export for files. Strapi asks for each address twice: for the size, and at once for the bytes. Only the first
 * question may fail: nobody listens to a stream that ends with an error, and the whole process would end with it.
 */
export class ExportAnswers {
  readonly #kept = new Map<string, WholeFile>();
  readonly #unread: UnreadBytes;

  constructor(
    private readonly files: () => Promise<ExportedFiles | undefined>,
    clock: Pick<Clock, 'elapsed' | 'sleep'>,
  ) {
    this.#unread = new UnreadBytes(clock);
  }

  /** @throws an Error with the code ENOENT if nobody has the file: Strapi then leaves it out, and warns; any other Error ends the export */
  async answer(address: string, key: ObjectKey): Promise<Response> {
    const file = this.#kept.get(address) ?? (await this.#prepared(key));
    if (!this.#kept.delete(address)) this.#keep(address, file);
    const headers = { 'content-length': String(file.size), ...(file.mime ? { 'content-type': file.mime } : {}) };
    const body = lazily(() => this.#unread.counted(file.size, file.read()));
    return new Response(body as ConstructorParameters<typeof Response>[0], { headers });
  }

  /** Forgets what no transfer will ask for any more. */
  clear(): void {
    for (const file of this.#kept.values()) void file.discard();
    this.#kept.clear();
  }

  async #prepared(key: ObjectKey): Promise<WholeFile> {
    await this.#unread.atMost(UNREAD_BYTES);
    const file = await this.#find(key);
    if (!file) throw Object.assign(new Error(`"${key}" is listed in the media library, and its bytes are nowhere`), { code: 'ENOENT' });
    return file;
  }

  async #find(key: ObjectKey): Promise<WholeFile | undefined> {
    try {
      return await (await this.files())?.find(key);
    } catch (error) {
      // Strapi removes the archive of a failed export only if it is not just writing a file into it
      await this.#unread.written();
      throw error;
    }
  }

  #keep(address: string, file: WholeFile): void {
    this.#kept.set(address, file);
    for (const [oldest, unasked] of this.#kept) {
      if (this.#kept.size <= KEPT_FILES) return;
      this.#kept.delete(oldest);
      void unasked.discard();
    }
  }
}

/** Returns the bytes as a stream that opens nothing before somebody reads it. */
function lazily(open: () => AsyncGenerator<Buffer, void>): ReadableStream<Uint8Array> {
  let pieces: AsyncGenerator<Buffer, void> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        pieces ??= open();
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await pieces?.return()),
    },
    { highWaterMark: 0 },
  );
}
