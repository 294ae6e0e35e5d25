/** Stands where a secret was. */
export const REDACTED = '[redacted]';

/** Shorter texts are no secrets, and replacing them everywhere would garble the log. */
const SHORTEST_SECRET = 6;

/** What looks like a secret wherever it appears: signatures, session tokens, signed headers, fields of a settings body. */
const PATTERNS: readonly [RegExp, string][] = [
  [/(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"'<>]+/gi, `$1${REDACTED}`],
  [/(Signature=)[0-9a-f]{16,}/gi, `$1${REDACTED}`],
  [/(x-amz-security-token["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, `$1${REDACTED}`],
  [/((?:secret_?access_?key|secret)["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, `$1${REDACTED}`],
  [/(\/\/[^/\s:@]*:)[^/\s@]+@/g, `$1${REDACTED}@`],
];

/** `text` without the given secrets (also URL- and JSON-encoded) and without anything that looks like one. */
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
