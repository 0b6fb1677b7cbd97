import { type ScanKind, scanKinds } from '../../methods/scan/scan-kinds.js';
import { scanText } from '../../methods/scan/scan-text.js';
import type { Output } from '../context.js';
import { fileWork } from '../file-work.js';
import { formatOf, parseRow, readRows } from '../read-rows.js';
import { printJson } from '../terminal.js';

/** What `--json` prints. Rows from 1; never what was found. */
export interface ScanReport {
  rows: number;
  /** Rows that have something. */
  found: number;
  kinds: Partial<Record<ScanKind, number[]>>;
}

/** Rows of a kind that are named for people; `--json` has all. */
const mostNamed = 20;

/** `seedmill scan`: which rows of a file have personal data or secrets, all their texts together. Returns the exit code. */
export async function scan(output: Output, { in: file }: { in: string }): Promise<number> {
  const format = await formatOf(file);
  const report = await fileWork(inWords, async ({ onProgress, signal }) => {
    const report: ScanReport = { rows: 0, found: 0, kinds: {} };
    for await (const block of readRows({ file, format, blockSize: 100 })) {
      for (const row of block) {
        signal.throwIfAborted();
        const kinds = await scanText(textsOf(parseRow(file, row)).join('\n\n'), scanKinds);
        report.rows += 1;
        if (kinds.length > 0) report.found += 1;
        for (const kind of kinds) {
          const rows = report.kinds[kind] ?? [];
          rows.push(row.row);
          report.kinds[kind] = rows;
        }
      }
      onProgress(report);
    }
    return report;
  });
  if (output.json) printJson(report);
  else {
    output.say(inWords(report));
    for (const [kind, rows] of Object.entries(report.kinds)) {
      const more = rows.length > mostNamed ? ` and ${rows.length - mostNamed} more (--json has all)` : '';
      output.say(`${kind}: ${rows.length}, row ${rows.slice(0, mostNamed).join(', ')}${more}`);
    }
  }
  return 0;
}

function inWords({ rows, found }: ScanReport): string {
  return `${rows} rows, ${found} with personal data or secrets`;
}

/** Every text of a row, however deep; not the names of its keys. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
