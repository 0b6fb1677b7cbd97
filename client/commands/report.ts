import { open, stat } from 'node:fs/promises';
import { explainSystemError, UserError } from '../../store/errors.js';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { fileWork } from '../file-work.js';
import { OutputFile } from '../outputs.js';
import { type ReportProgress, readReport } from '../report/read-report.js';
import { reportMark } from '../report/report-mark.js';
import { reportHtml } from '../report/write-html.js';
import { readStatus } from '../status.js';
import { printJson } from '../terminal.js';

export interface ReportCommandOptions {
  out?: string;
}

/** Bytes at whose beginning an earlier report has its mark. */
const headBytes = 4_096;

/** `seedmill report`: one HTML file about a run, from its store alone. Returns the exit code. */
export async function report(
  context: Context,
  runId: string,
  { out }: ReportCommandOptions,
): Promise<number> {
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  const file = out ?? `${runId}-report.html`;
  await refuseOthers(file);
  const output = await OutputFile.open(file);
  try {
    const { data, bytes } = await fileWork(describeProgress, async (hooks) => {
      const data = await readReport(store, runId, hooks);
      const html = Buffer.from(await reportHtml(data));
      hooks.signal.throwIfAborted();
      await output.write(html);
      // Whatever came there meanwhile is not ours to replace.
      await refuseOthers(file);
      await output.commit();
      return { data, bytes: html.length };
    });
    const { totals, examples: rows, rounds, samples } = data;
    if (context.json) {
      const shown = { examples: totals.examples, rows: rows.length, rounds: rounds.length, samples };
      printJson({ run: runId, file, bytes, ...shown });
    } else {
      for (const sample of samples) context.say(`shown: ${sample}`);
      context.say(`report: ${file} (${(bytes / 1e6).toFixed(1)} MB)`);
    }
    return 0;
  } finally {
    await output.discard();
  }
}

function describeProgress({ doing, round, rounds }: ReportProgress): string {
  return doing === 'reading rounds' ? `reading round ${round} of ${rounds}` : doing;
}

/** Throws unless there is nothing, or an earlier report. */
async function refuseOthers(file: string): Promise<void> {
  try {
    const present = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    });
    // What is no file at all is refused where it would be opened.
    if (!present?.isFile()) return;
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(headBytes), position: 0 });
      if (buffer.toString('utf8', 0, bytesRead).includes(reportMark)) return;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainSystemError(error, file);
  }
  throw new UserError(`${file}: is there, and not from "seedmill report"; give another --out, or move it`);
}
