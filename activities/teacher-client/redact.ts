/** Longest text that is kept of what a provider said, in characters. */
const MAX_LENGTH = 500;

/** Environment variables whose values are secrets, by their names. */
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i;
/** Shorter values would blot out ordinary words. */
const MIN_SECRET_LENGTH = 8;

/** Titles and links: `ESC ] … BEL`. Terminals act on them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const TERMINAL_COMMAND = /\u001b\][^\u0007\u001b]{0,1000}(?:\u0007|\u001b\\)/g;
/** `ESC [ … m` and its kin, which could rewrite what a terminal shows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const TERMINAL_ESCAPE = /[\u001b\u009b][[\]()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * What a provider said, fit to be shown, logged and kept in a history: without the keys in this process's environment,
 * without anything that looks like a key or like credentials in a URL, without terminal escapes, on one line, at most
 * 500 characters.
 */
export function redact(text: string, env: NodeJS.ProcessEnv = process.env): string {
  // Cut first, for a provider may send megabytes; far beyond what is kept, so that no key is cut in half where it would be kept.
  let safe = text.slice(0, 20 * MAX_LENGTH);
  for (const [name, value] of Object.entries(env)) {
    if (value && value.length >= MIN_SECRET_LENGTH && SECRET_NAME.test(name)) {
      safe = safe.replaceAll(value, '[redacted]');
    }
  }
  safe = safe
    .replace(TERMINAL_COMMAND, '')
    .replace(TERMINAL_ESCAPE, '')
    .replace(/\s+/g, ' ')
    .replace(CONTROL, '')
    .replace(/\b(sk|pk|rk|gsk|hf|xai|AIza)[-_][A-Za-z0-9_*-]{6,}/g, '[redacted]')
    .replace(/\bBearer\s+[A-Za-z0-9._~+/=-]{6,}/gi, 'Bearer [redacted]')
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*(:[^\s/@]*)?@/gi, '$1[redacted]@')
    .replace(/([?&](?:api[-_]?key|key|token|sig|signature|x-amz-[a-z-]+)=)[^&\s"']+/gi, '$1[redacted]')
    .trim();
  return safe.length <= MAX_LENGTH ? safe : `${safe.slice(0, MAX_LENGTH - 1)}…`;
}
