import { once } from 'node:events';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { forTerminal, mostShown, printCsv, printJson, printTable, type Print } from '../query/print-rows.js';
import { runQuery } from '../query/run-query.js';
import { readStatus } from '../status.js';
import { UsageError } from '../usage-error.js';

export interface QueryOptions {
  run: string;
  sql: string;
  csv: boolean;
}

/** `seedmill query`: SQL over a run's files; needs no server. Returns the exit code. */
export async function query(context: Context, { run: runId, sql, csv }: QueryOptions): Promise<number> {
  if (csv && context.json) throw new UsageError('--csv and --json: one of them');
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  await runQuery({ store, runId, sql }, async (rows) => {
    for (const name of namedIn(sql, rows.absent))
      sayAside(`${name} is empty: this run has no such file, or not yet`);
    if (context.json) return void (await printJson(rows, { runId, print }));
    if (csv) return void (await printCsv(rows, { print: process.stdout.isTTY ? clean : print }));
    const width = process.stdout.isTTY ? process.stdout.columns : null;
    const { shown, isMore } = await printTable(rows, { width, print });
    const what = shown === 1 ? '1 row' : `${shown} rows`;
    sayAside(isMore ? `the first ${mostShown} rows; --csv and --json give all` : what);
  });
  return 0;
}

/** Names that the query itself has, not those of views that its views are made of. */
function namedIn(sql: string, names: readonly string[]): string[] {
  return names.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
}

/** Beside the rows, for people: standard output is theirs. */
function sayAside(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Waits where the reader is slower. */
const print: Print = async (text) => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
};

const clean: Print = async (text) => await print(forTerminal(text));
