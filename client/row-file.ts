/** What commands on files write: rows in the format that they came in, and lines that say why others are not there. */
import { OutputFile } from './outputs.js';
import type { FileRow, RowFormat } from './read-rows.js';

/** Rows in the format of the input: lines, or elements of an array. */
export class RowFile {
  readonly file: OutputFile;
  readonly #format: RowFormat;
  #isEmpty = true;

  constructor(file: OutputFile, format: RowFormat) {
    this.file = file;
    this.#format = format;
  }

  /** `bytes`: as in `FileRow`. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#format === 'array') await this.file.write(Buffer.from(this.#isEmpty ? '[\n' : ',\n'));
    await this.file.write(bytes);
    this.#isEmpty = false;
  }

  /** To be called after the last row. */
  async end(): Promise<void> {
    if (this.#format === 'array') await this.file.write(Buffer.from(this.#isEmpty ? '[]\n' : '\n]\n'));
  }
}

/** Opens both files, or none. Throws a `UserError` as `OutputFile.open` does. */
export async function openOutputs(files: {
  out: string;
  dropped: string | undefined;
  format: RowFormat;
}): Promise<{ kept: RowFile; rejected: OutputFile | null }> {
  const { out, dropped, format } = files;
  const kept = new RowFile(await OutputFile.open(out), format);
  if (dropped === undefined) return { kept, rejected: null };
  try {
    return { kept, rejected: await OutputFile.open(dropped) };
  } catch (error) {
    await kept.file.discard();
    throw error;
  }
}

/** A line of `--dropped`: what `head` says, the JSON of the nearest row if there is one, and the row itself. */
export function droppedLine(options: { head: object; nearest?: string; row: FileRow }): Buffer {
  const { head, nearest, row } = options;
  const start = JSON.stringify(head).slice(0, -1);
  // Line ends in JSON are white space: those inside strings are written as \n.
  const example = row.text.replaceAll(/[\r\n]+/g, ' ');
  return Buffer.from(
    `${start}${nearest === undefined ? '' : `,"nearest":${nearest}`},"example":${example}}\n`,
  );
}
