import { randomUUID } from 'node:crypto';
import type { Core } from '@strapi/strapi';
import { abandonable } from '../../core/abandonable';
import type { Clock } from '../../core/clock';
import { PublicMarks } from '../../core/public-url/marks';
import type { PublicSite } from '../../core/public-url/public-url';

/** Longest wait for one answer, redirects included (ms). */
const ANSWER_WITHIN_MS = 4_000;
/** Largest number of redirects that a request follows. */
const MOST_REDIRECTS = 3;
/** Number of bytes that are read of an answer; a mark is shorter. */
const MOST_BYTES = 1_024;

/** Returns the marks of a project, made with its own key, which all its processes share. */
export function publicMarks(strapi: Core.Strapi): PublicMarks {
  const keys: unknown = strapi.config.get('server.app.keys');
  const [key] = (Array.isArray(keys) ? keys : [keys]) as unknown[];
  return new PublicMarks(typeof key === 'string' && key !== '' ? key : NO_KEY);
}

/** Without keys Strapi has no sessions either. The marks then hold within one process. */
const NO_KEY = randomUUID();

/**
 * Returns the address under which visitors reach the project: `S3_STORAGE_PUBLIC_URL`, else `url` of config/server if that is absolute.
 * Nobody can set it over the network.
 * @returns undefined where there is no address, or the variable says `off`
 */
export function publicAddress(strapi: Core.Strapi, variables: NodeJS.ProcessEnv): string | undefined {
  const text = variables.S3_STORAGE_PUBLIC_URL?.trim() || strapi.config.get('server.url', '');
  if (typeof text !== 'string' || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

export function publicSite(address: string, clock: Pick<Clock, 'sleep'>): PublicSite {
  const { hostname } = new URL(address);
  const follow = async (url: URL, signal: AbortSignal, left: number): Promise<{ status: number; text: string }> => {
    const answer = await fetch(url, { redirect: 'manual', signal, headers: { 'Cache-Control': 'no-cache' } });
    const to = answer.headers.get('location');
    const next = to && answer.status >= 300 && answer.status < 400 && URL.canParse(to, url.href) ? new URL(to, url) : undefined;
    // this follows a redirect from http to https, for example; another host is another site
    if (next && left > 0 && next.hostname === hostname && /^https?:$/.test(next.protocol)) {
      await answer.body?.cancel();
      return follow(next, signal, left - 1);
    }
    return { status: answer.status, text: await beginningOf(answer) };
  };
  return {
    address,
    async get(path, signal) {
      const ending = new AbortController();
      const stop = () => ending.abort(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      const answered = new AbortController();
      clock.sleep(ANSWER_WITHIN_MS, answered.signal).then(() => ending.abort(new Error('no answer in time')), () => undefined);
      try {
        return await abandonable(follow(new URL(`${address}${path}`), ending.signal, MOST_REDIRECTS), ending.signal);
      } finally {
        answered.abort();
        ending.abort();
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}

async function beginningOf({ body }: Response): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    pieces.push(Buffer.from(piece));
    size += piece.length;
    if (size >= MOST_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, MOST_BYTES).toString('utf8');
}
