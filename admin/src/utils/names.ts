/**
 * Characters that are not seen and change how the text around them is read: controls, line separators, and what turns the
 * direction of the text round (`x.jpg<U+202E>gnp` looks like a PNG).
 */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A name of somebody else's as it may be shown: what would not be seen is written out. */
export const shownName = (name: string): string =>
  name.replace(UNSEEN, (character) => `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`);
