/** Making foreign text safe to store, to show in a terminal or as Markdown, and to put into a prompt. */

/*
 * A teacher's answer may hold anything. What is taken out, here and nowhere else:
 * - terminal escapes: ESC with its CSI (`ESC [ … letter`), OSC (`ESC ] … BEL` or `ESC \`) or one-letter tail, and C1 CSI;
 * - other C0 and C1 control characters, DEL;
 * - lone surrogates, which no UTF-8 file can hold, become U+FFFD;
 * - characters that turn the direction of text around (U+202A–202E, U+2066–2069), and the byte order mark.
 * Kept: newline and tab. CR LF and CR become newline. Every pattern is linear in the text's length.
 */
const ESC = '\\u001b';
const ESCAPES = new RegExp(
  [
    `${ESC}\\][^\\u0007\\u001b\\n]*(?:\\u0007|${ESC}\\\\)?`,
    `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]?`,
    `${ESC}[ -~]?`,
  ].join('|'),
  'g',
);
const KEPT_OUT = ['\\u0000-\\u0008', '\\u000b\\u000c', '\\u000e-\\u001f', '\\u007f-\\u009f']
  .concat('\\u202a-\\u202e\\u2066-\\u2069', '\\ufeff')
  .join('');
const CONTROLS = new RegExp(`[${KEPT_OUT}]`, 'g');
/** Nearly every text has nothing of all that, and one look says so. */
const ANY = new RegExp(`[\\r\\ud800-\\udfff${KEPT_OUT}]`);

/** The text without terminal escapes, control and direction-changing characters; line ends become `\n`. */
export function cleanText(text: string): string {
  if (!ANY.test(text)) return text;
  return text
    .replaceAll(/\p{Surrogate}/gu, '\ufffd')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(ESCAPES, '')
    .replaceAll(CONTROLS, '');
}

/** The text on one line: any run of white space becomes one space. So it cannot end a list item or open another. */
export function oneLine(text: string): string {
  return cleanText(text)
    .trim()
    .replaceAll(/\s{2,}|[^\S ]/g, ' ');
}

/**
 * The text on one line, for a paragraph or a table's cell but not at a line's begin. Everything that Markdown or HTML could
 * take for its own becomes a character reference, which neither reads as such.
 */
export function inert(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_{}[\]<>&|~!#+$^=:@"()]/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replaceAll(/www\./gi, (start) => `${start.slice(0, 3)}&#46;`);
}

/** Text that cannot close the marks that it stands between in a prompt, nor open others: `<response>` with such names. */
export function enclosed(text: string, marks: readonly string[]): string {
  return cleanText(text)
    .trim()
    .replaceAll(new RegExp(`<(?=\\s{0,9}\\/?\\s{0,9}(?:${marks.join('|')})\\b)`, 'gi'), '‹');
}

/** The first `limit` characters, marked with `…` when there were more. For messages and details. */
export function excerpt(text: string, limit = 80): string {
  const line = oneLine(text);
  return line.length <= limit ? line : `${line.slice(0, limit).replace(/\p{Surrogate}$/u, '')}…`;
}

/** What a JSON value is, for messages: `a text`, `a list`, `null`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
