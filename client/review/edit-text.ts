/** One example in the reviewer's own editor. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Document, parse } from 'yaml';
import { z } from 'zod';
import type { ExampleText } from '../../activities/review/apply-review.js';
import { cleanText, excerpt } from '../../methods/text.js';
import { UserError } from '../../store/errors.js';

const editedSchema = z.strictObject({ instruction: z.string(), input: z.string(), output: z.string() });

/** Editors look for settings in the first and last five lines of a file; a teacher's text is never there. */
const padding = '#\n'.repeat(5);

/** The text as the editor is given it: YAML, without escapes and control characters. */
export function editable({ instruction, input, output }: ExampleText): string {
  const fields = { instruction, input, output };
  const clean = Object.fromEntries(Object.entries(fields).map(([key, text]) => [key, cleanText(text)]));
  const yaml = new Document(clean).toString({ lineWidth: 0, blockQuote: 'literal' });
  return `# Change the texts, save and close. An unchanged file is no edit.\n${padding}${yaml}${padding}`;
}

/**
 * What the editor has made of it.
 * @throws UserError when it is no YAML with these three texts.
 */
export function edited(yaml: string): ExampleText {
  let value: unknown;
  try {
    // Nothing is a number or a date here: every value is a text.
    value = parse(yaml, { schema: 'failsafe', maxAliasCount: 0 });
  } catch (error) {
    throw new UserError(`not YAML: ${excerpt((error as Error).message, 300)}`);
  }
  const parsed = editedSchema.safeParse(value);
  if (!parsed.success)
    throw new UserError('the three keys instruction, input and output must be there, each with a text');
  const { instruction, input, output } = parsed.data;
  return { instruction: cleanText(instruction), input: cleanText(input), output: cleanText(output) };
}

/**
 * Opens $VISUAL, $EDITOR or vi on a file in a folder of its own that only this user can read, and reads it back.
 * @throws UserError when the editor fails or the file is no such text.
 */
export async function editText(text: ExampleText): Promise<ExampleText> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-review-'));
  try {
    const file = path.join(folder, 'example.yaml');
    await writeFile(file, editable(text), { mode: 0o600 });
    await openEditor(file);
    return edited(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As git does it: the variable may hold arguments, and the file's name is one more. */
async function openEditor(file: string): Promise<void> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new UserError(`the editor "${excerpt(editor)}" ended with ${code}: nothing is edited`);
}
