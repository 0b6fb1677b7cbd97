/** What a watcher sees of a run: several lines where a terminal can redraw them, else one. */
import colours from 'picocolors';
import { excerpt } from '../../methods/text.js';
import { gateInWords, scoringInWords } from '../../workflows/counts.js';
import type { RoundRow } from '../../workflows/messages.js';
import {
  answersInWords,
  batchLine,
  budgetRows,
  cost,
  count,
  forkLine,
  progressLine,
  reasons,
  scoresOnly,
  selectionInWords,
  stateWord,
  sum,
  yieldInWords,
} from '../progress-lines.js';
import type { StatusReport } from '../status.js';
import type { ViewLine } from './fit-screen.js';
import { aboutTime, callsDone, type Outlook } from './outlook.js';
import { type Stage, stageOf } from './stages.js';

export interface Sight {
  status: StatusReport;
  /** What the run goes through, in order. */
  stages: readonly Stage[];
  /** The newest rounds that are closed; empty where no server tells them. */
  rounds: readonly RoundRow[];
  /** What keeps the run from going on, in words. */
  problems: readonly string[];
  /** null: too little has been seen. */
  callsPerMinute: number | null;
  outlook: Outlook;
}

const roundsShown = 5;
const lossesShown = 8;
const problemsShown = 8;
/** Longest line for logs, in characters. */
const longestLine = 600;
const barWidth = 24;

/** The lines of a view that is drawn anew. Those of rank 0 are what a run is about. */
export function viewLines(sight: Sight): ViewLine[] {
  const { status, stages } = sight;
  const { calls, tokens } = status;
  const lines: ViewLine[] = [];
  const add = (rank: number, name: string, ...values: string[]) => {
    for (const [n, value] of values.entries())
      lines.push({ rank, text: `${colours.dim((n === 0 ? name : '').padEnd(11))} ${value}` });
  };
  add(0, 'run', `${colours.bold(status.runId)}  ${stateWord(status)}`);
  if (stages.length > 1) add(4, 'stages', stages.map((stage) => marked(stage, sight)).join(' › '));
  add(1, 'round', `${status.round}  ${status.step}`);
  add(
    0,
    'calls',
    [`${count(callsDone(calls))} of ${count(calls.planned)} planned`, ...speed(sight)].join(' · '),
  );
  add(
    5,
    '',
    `${count(calls.sent)} sent, ${count(calls.fromStore)} from store, ${count(calls.failedAttempts)} failed attempts`,
  );
  add(4, 'fork', ...forkLine(status));
  add(2, 'batches', ...status.batches.map(batchLine));
  add(3, 'answers', ...[answersInWords(calls)].filter(Boolean));
  if (!scoresOnly(status)) {
    const share = yieldInWords(status);
    const undecided = status.undecided > 0 ? `, ${count(status.undecided)} undecided` : '';
    add(
      1,
      'accepted',
      `${bar(status)} ${count(status.accepted)} of ${status.target === null ? '?' : count(status.target)}`,
    );
    add(
      2,
      'candidates',
      `${count(status.candidates)}${undecided}${share === null ? '' : ` · yield ${share}`}`,
    );
    if (sum(status.rejected) > 0)
      add(3, 'rejected', `${count(sum(status.rejected))}${reasons(status.rejected)}`);
  }
  if (status.gate) add(3, 'gate', gateInWords(status.gate));
  if (status.scoring) add(2, 'scores', scoringInWords(status.scoring));
  if (status.selection) add(2, 'selected', selectionInWords(status.selection));
  add(4, 'tokens', `${count(tokens.prompt)} in, ${count(tokens.completion)} out`);
  add(1, 'cost', [cost(status), ...projected(sight)].join(' · '));
  add(3, 'budget', ...budgetRows(status).map(({ share, unknown }) => `${share} spent${unknown}`));
  add(2, 'held-out', ...heldOut(status));
  for (const [n, line] of roundTable(sight.rounds).entries())
    add(n === 0 ? 6 : 7, n === 0 ? 'rounds' : '', line);
  lines.push(...problemLines(sight).map((text) => ({ rank: 0, text: colours.red(text) })));
  return lines;
}

/** The same facts in one line, for logs and pipes; what keeps the run from going on in lines of its own. */
export function plainLines(sight: Sight): string[] {
  const { status } = sight;
  const line =
    status.paused || status.review
      ? stateWord(status)
      : [progressLine(status), ...speed(sight), ...projected(sight)].join(' · ');
  return [excerpt(line, longestLine), ...problemLines(sight)];
}

function problemLines({ problems }: Sight): string[] {
  const more = problems.length - problemsShown;
  return [
    ...problems.slice(0, problemsShown).map((problem) => `! ${excerpt(problem, longestLine)}`),
    ...(more > 0 ? [`! and ${more} more problems`] : []),
  ];
}

/** How fast it goes and how long it takes; nothing while it is paused or has ended. */
function speed({ status, callsPerMinute, outlook }: Sight): string[] {
  if (status.state !== 'running' || status.paused !== null) return [];
  return [
    ...(callsPerMinute === null ? [] : [`${rate(callsPerMinute)} calls/min`]),
    ...(outlook.leftMs === null ? [] : [`${aboutTime(outlook.leftMs)} left`]),
  ];
}

function rate(perMinute: number): string {
  return perMinute < 10 ? String(Number(perMinute.toFixed(1))) : count(Math.round(perMinute));
}

/** What is scored, selected or evolved goes on behind a target, or has none. */
function projected({ status, stages, outlook }: Sight): string[] {
  const hasEnded = !['running', 'waiting-for-review', 'paused', 'starting'].includes(status.state);
  if (outlook.usd === null || outlook.usd === 0 || hasEnded) return [];
  const isTarget = status.method !== 'evolve' && !stages.includes('score') && !stages.includes('select');
  const when = isTarget ? 'at the target' : 'at the end';
  return [`about $${outlook.usd.toFixed(outlook.usd < 1 ? 4 : 2)} ${when}`];
}

/** The stage that the run is in stands out. */
function marked(stage: Stage, { status }: Sight): string {
  return stage === stageOf(status) ? colours.bold(stage) : colours.dim(stage);
}

/** `3.6886 → 3.1388 → 2.9876 (rounds 1 to 2)`: reporting half, nats per answer token. */
function heldOut({ heldOutLoss }: StatusReport): string[] {
  const shown = heldOutLoss.slice(-lossesShown);
  const [first] = shown;
  const last = shown.at(-1);
  if (first === undefined || last === undefined) return [];
  const losses = [first.before, ...shown.map(({ after }) => after)].map((loss) => loss.toFixed(4));
  const rounds = first === last ? `round ${first.round}` : `rounds ${first.round} to ${last.round}`;
  return [`${losses.join(' → ')} (${rounds})`];
}

function roundTable(rounds: readonly RoundRow[]): string[] {
  const shown = rounds.slice(-roundsShown);
  const hasCandidates = shown.some(({ candidates }) => candidates > 0);
  if (shown.length === 0) return [];
  const line = (cells: (string | number)[]) => cells.map((cell) => String(cell).padStart(10)).join(' ');
  return [
    line(['round', 'calls', ...(hasCandidates ? ['candidates', 'accepted', 'yield'] : [])]),
    ...shown.map(({ round, calls, candidates, accepted }) => {
      const share = candidates > 0 ? `${((100 * accepted) / candidates).toFixed(1)} %` : '–';
      return line([
        round,
        count(calls),
        ...(hasCandidates ? [count(candidates), count(accepted), share] : []),
      ]);
    }),
  ];
}

function bar({ accepted, target }: StatusReport): string {
  const full = target ? Math.min(barWidth, Math.floor((accepted / target) * barWidth)) : 0;
  return colours.green('█'.repeat(full)) + colours.dim('░'.repeat(barWidth - full));
}
