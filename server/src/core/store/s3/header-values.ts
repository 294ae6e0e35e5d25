import type { PutOptions } from '../object-store';

/** RFC 6838 allows 127 characters on each side of the slash; parameters come on top. */
const MAX_TYPE_LENGTH = 512;
/** Token characters of RFC 9110 on both sides of the slash, and whatever parameters. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;.*)?$/;
/** Anything else is refused by Node, mangled on the way, or makes the signature another one than the server computes. */
const VISIBLE_ASCII = /^[\x20-\x7e]+$/;

/**
 * The values of a PUT as headers. A value that no header can carry is left out: the type of a file comes from whoever has
 * uploaded it, and bytes without a type are worth more than no bytes. The visitor is told the type by the file's name.
 */
export function headersOf({ contentType, cacheControl }: Pick<PutOptions, 'contentType' | 'cacheControl'>): { ContentType?: string; CacheControl?: string } {
  const type = carried(contentType);
  return { ContentType: type && type.length <= MAX_TYPE_LENGTH && MEDIA_TYPE.test(type) ? type : undefined, CacheControl: carried(cacheControl) };
}

function carried(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed && VISIBLE_ASCII.test(trimmed) ? trimmed : undefined;
}
