/** The text that takes the place of a secret. */
export const REDACTED = '[redacted]';

/** Length of the shortest text that counts as a secret, in characters. Replacing shorter ones everywhere would garble the log. */
const SHORTEST_SECRET = 6;

/** Patterns of texts that are secrets wherever they appear: signatures, session tokens, signed headers, fields of a settings body. */
const PATTERNS: readonly [RegExp, string][] = [
  [/(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"'<>]+/gi, `$1${REDACTED}`],
  [/(Signature=)[0-9a-f]{16,}/gi, `$1${REDACTED}`],
  [/(x-amz-security-token["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, `$1${REDACTED}`],
  [/((?:secret_?access_?key|secret)["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, `$1${REDACTED}`],
  [/(\/\/[^/\s:@]*:)[^/\s@]+@/g, `$1${REDACTED}@`],
];

/** Returns `text` without the given secrets (also URL- and JSON-encoded) and without any text that looks like a secret. */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < SHORTEST_SECRET) continue;
    for (const spelling of new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])) {
      clean = clean.replaceAll(spelling, REDACTED);
    }
  }
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}
