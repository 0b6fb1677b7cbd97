import type { Counts } from '../activities/types.js';
import { gateInWords, scoringInWords, waysInWords } from './counts.js';
import type { RoundRow } from './messages.js';

/** Markdown for the Temporal UI's current details. Only counts and our own words: never a teacher's text. */
export function roundTable(options: {
  rounds: RoundRow[];
  round: number;
  step: string;
  totals: Counts;
  target: number;
}): string {
  const { rounds, round, step, totals, target } = options;
  const { candidates, calls } = totals;
  const cost = totals.costUsd === null ? 'unknown' : `$${totals.costUsd.toFixed(4)}`;
  const ways = waysInWords(calls);
  const rejected = Object.entries(candidates.rejected).sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0));
  return [
    `**Round ${round}** · ${step} · **${candidates.accepted} of ${target}** accepted`,
    '',
    `Calls ${calls.answered} answered of ${calls.planned}${ways && ` (${ways})`} · tokens ${totals.tokens.prompt + totals.tokens.completion} · cost ${cost}`,
    '',
    ...(totals.gate ? [`Gate ${gateInWords(totals.gate)}`, ''] : []),
    ...(totals.scoring ? [`Scores ${scoringInWords(totals.scoring)}`, ''] : []),
    rejected.length > 0 ? `Rejected: ${rejected.map(([reason, n]) => `${reason} ${n}`).join(' · ')}` : '',
    '',
    '| round | calls | candidates | accepted | attractive batches | held-out loss | seeds |',
    '|---:|---:|---:|---:|---:|:---|:---|',
    ...rounds.map(tableRow),
  ].join('\n');
}

function tableRow(row: RoundRow): string {
  const loss = row.heldOutLoss
    ? `${row.heldOutLoss.before.toFixed(4)} → ${row.heldOutLoss.after.toFixed(4)}`
    : '–';
  const attractive = row.attractiveBatches ?? '–';
  return `| ${row.round} | ${row.calls} | ${row.candidates} | ${row.accepted} | ${attractive} | ${loss} | ${row.note} |`;
}
