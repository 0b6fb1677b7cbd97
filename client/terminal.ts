/** The last gate before a terminal: every line and every JSON value that a command prints goes through here. */
import { cleanText } from '../methods/text.js';

/** Weights and colours, as picocolors writes them; nothing else that begins with ESC is ours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OWN_STYLE = /(\u001b\[(?:[0-4]|2[2-4]|3[0-79]|9[0-7])m)/;

/** What JSON leaves as it is and a terminal may act on: DEL, C1 controls, characters that turn the direction of text. */
const ACTS_IN_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** The text with our own colours and nothing else that a terminal acts on. What shows foreign text cleans it itself, too. */
export function forTerminal(text: string): string {
  return text
    .split(OWN_STYLE)
    .map((part, n) => (n % 2 === 1 ? part : cleanText(part)))
    .join('');
}

/** One line of JSON on standard output: the same value to whoever parses it, and inert to a terminal that shows it. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonLine(value)}\n`);
}

/** JSON without characters that act. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    ACTS_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
