/** The rows of `data`: other people's instruction datasets, conversations with one turn or many. */
import type { GivenRow } from '../activities/rows.js';
import { allTurns, type ConversationTurn } from '../methods/conversation-row.js';
import { oneLine } from '../methods/text.js';
import { toJson } from '../store/artifacts.js';
import { UserError } from '../store/errors.js';
import { type FileRow, formatOf, parseRow, placeOf, readRows } from './read-rows.js';
import { idOf } from './row-items.js';

const rowsAtOnce = 1_000;
const longestId = 200;

/** What a row lacks that DEITA, or a list of skills, has no use for. */
export const noTurn = `no instruction and answer in Alpaca's, ShareGPT's or OpenAI's form (instruction and output, conversations, or messages)`;

/** Numbers that JSON can write and that are infinite here look like this: few rows have to be searched. */
const perhapsInfinite = /\d[eE]\+?\d{3}|\d{300}/;

/** A row of a file with what DEITA reads of it. */
export interface ReadConversation {
  row: FileRow;
  example: Record<string, unknown>;
  /** None: the row is left out. */
  turns: ConversationTurn[];
}

/**
 * Reads every row that has an instruction and an answer, with ids that no two of them share; rows without are left out and
 * counted in a note.
 * @throws UserError with file and line for a row that is not UTF-8, no JSON object or has an infinite number, and when no row
 * is left.
 */
export async function readGivenRows(file: string): Promise<{ rows: GivenRow[]; notes: string[] }> {
  const kept: Omit<GivenRow, 'id'>[] = [];
  let rows = 0;
  let first: FileRow | null = null;
  for await (const block of readConversations(file)) {
    for (const { row, example, turns } of block) {
      rows += 1;
      if (turns.length > 0) kept.push({ row: row.row, turns, example });
      else first ??= row;
    }
  }
  if (rows === 0) throw new UserError(`${file}: holds no row`);
  if (first === null) return { rows: withIds(kept), notes: [] };
  if (kept.length === 0)
    throw new UserError(`${placeOf(file, first)}: has ${noTurn}, and neither has any other row`);
  const note = `${file}: ${rows - kept.length} of the ${rows} rows have ${noTurn} and are left out; the first is row ${first.row}, line ${first.line}`;
  return { rows: withIds(kept), notes: [note] };
}

/** All rows of a file in blocks. Throws a `UserError` as `readGivenRows` does. */
export async function* readConversations(file: string): AsyncGenerator<ReadConversation[]> {
  for await (const block of readRows({ file, format: await formatOf(file), blockSize: rowsAtOnce })) {
    yield block.map((row) => {
      const example = parseRow(file, row);
      if (perhapsInfinite.test(row.text)) refuseInfinite(file, { row, example });
      return { row, example, turns: allTurns(example) };
    });
  }
}

function refuseInfinite(file: string, { row, example }: { row: FileRow; example: unknown }): void {
  try {
    toJson(example);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError(`${placeOf(file, row)}: ${error.message}`);
  }
}

/** A row's own id where no other row has it, else `row-` and its number; an own id of that form counts in its row alone. */
function withIds(rows: readonly Omit<GivenRow, 'id'>[]): GivenRow[] {
  const own = rows.map(({ row, example }) => {
    const given = String(idOf(example) ?? '').trim();
    // It goes into many rows and to terminals: one with controls, or a long one, is no id.
    const id = given.length <= longestId && oneLine(given) === given ? given : '';
    return id === '' || (/^row-\d+$/.test(id) && id !== `row-${row}`) ? null : id;
  });
  const counts = new Map<string, number>();
  for (const id of own) if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
  return rows.map((row, n) => {
    const id = own[n] ?? null;
    return { id: id !== null && counts.get(id) === 1 ? id : `row-${row.row}`, ...row };
  });
}
