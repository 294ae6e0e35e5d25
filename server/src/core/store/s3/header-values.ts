import type { PutOptions } from '../object-store';

/** Longest content type, in characters. RFC 6838 allows 127 on each side of the slash, and parameters come on top. */
const MAX_TYPE_LENGTH = 512;
/** A media type: token characters of RFC 9110 on both sides of the slash, and any parameters. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;.*)?$/;
/** The characters that a header can carry. Node refuses others, or they change on the way, so that the signature does not match. */
const VISIBLE_ASCII = /^[\x20-\x7e]+$/;

/**
 * Returns the headers of a PUT. It leaves out a value that no header can carry: the type of a file comes from the person who has uploaded
 * it, and bytes without a type are better than no bytes. Visitors get the type that the file's name implies.
 */
export function headersOf({ contentType, cacheControl }: Pick<PutOptions, 'contentType' | 'cacheControl'>): { ContentType?: string; CacheControl?: string } {
  const type = carried(contentType);
  return { ContentType: type && type.length <= MAX_TYPE_LENGTH && MEDIA_TYPE.test(type) ? type : undefined, CacheControl: carried(cacheControl) };
}

function carried(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed && VISIBLE_ASCII.test(trimmed) ? trimmed : undefined;
}
