import type { Counts, RecordedChange } from '../activities/types.js';
import { inert } from '../methods/text.js';
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
  // Rounds that score rows bring no candidates.
  const accepted = candidates.parsed > 0 || !totals.scoring;
  return [
    `**Round ${round}** · ${step}${accepted ? ` · **${candidates.accepted} of ${target}** accepted` : ''}`,
    '',
    `Calls ${calls.answered} answered of ${calls.planned}${ways && ` (${ways})`} · tokens ${totals.tokens.prompt + totals.tokens.completion} · cost ${cost}`,
    '',
    ...(totals.gate ? [`Gate ${gateInWords(totals.gate)}`, ''] : []),
    ...(totals.scoring ? [`Scores ${scoringInWords(totals.scoring)}`, ''] : []),
    ...(totals.flagged
      ? [
          `Flagged: ${Object.entries(totals.flagged)
            .map(([kind, n]) => `${kind} ${n}`)
            .join(' · ')}`,
          '',
        ]
      : []),
    rejected.length > 0 ? `Rejected: ${rejected.map(([reason, n]) => `${reason} ${n}`).join(' · ')}` : '',
    '',
    ...table(rounds),
  ].join('\n');
}

/** The newest changes below the table, newest first. Names and reasons are people's: they show as they are and do nothing. */
export function changeList(changes: readonly RecordedChange[]): string[] {
  if (changes.length === 0) return [];
  const lines = [...changes]
    .reverse()
    .map(({ at, by, what }) => `- ${at.slice(0, 16).replace('T', ' ')} UTC · ${inert(by)}: ${inert(what)}`);
  return ['', ...lines];
}

interface Column {
  name: string;
  align: '---:' | ':---';
  cell(row: RoundRow): string | number | null;
}

const columns: readonly Column[] = [
  { name: 'round', align: '---:', cell: ({ round }) => round },
  { name: 'calls', align: '---:', cell: ({ calls }) => calls },
  { name: 'candidates', align: '---:', cell: ({ candidates }) => candidates || null },
  { name: 'accepted', align: '---:', cell: ({ candidates, accepted }) => (candidates ? accepted : null) },
  { name: 'attractive batches', align: '---:', cell: ({ attractiveBatches }) => attractiveBatches },
  {
    name: 'held-out loss',
    align: ':---',
    cell: ({ heldOutLoss: loss }) => loss && `${loss.before.toFixed(4)} → ${loss.after.toFixed(4)}`,
  },
  { name: 'note', align: ':---', cell: ({ note }) => note || null },
];

/** Only the columns in which a round has something: each method has its own. */
function table(rounds: readonly RoundRow[]): string[] {
  const filled = columns.filter(({ cell }) => rounds.some((row) => cell(row) !== null));
  if (filled.length === 0) return [];
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    line(filled.map(({ name }) => name)),
    `|${filled.map(({ align }) => align).join('|')}|`,
    ...rounds.map((row) => line(filled.map(({ cell }) => cell(row) ?? '–'))),
  ];
}
