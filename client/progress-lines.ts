/** A run's status in words, for a terminal of any kind. Only counts and our own words: no teacher's text. */
import colours from 'picocolors';
import { excerpt, oneLine } from '../methods/text.js';
import { budgetKeys, inWords, shareInWords } from '../workflows/budget.js';
import { gateInWords, scoringInWords, waysInWords } from '../workflows/counts.js';
import { waitInWords } from '../workflows/review-gate.js';
import type { StatusReport } from './status.js';
import { aboutTime } from './watch/outlook.js';

type BatchReport = StatusReport['batches'][number];
type Selection = NonNullable<StatusReport['selection']>;

/** One line: round, calls, candidates, accepted, tokens, cost. */
export function progressLine(status: StatusReport): string {
  const { calls, tokens } = status;
  const done = calls.answered + sum(calls.failed);
  const ways = answersInWords(calls);
  return [
    `round ${status.round} · ${status.step}`,
    `calls ${done}/${calls.planned}${ways && ` (${ways})`}`,
    ...status.batches.map(shortBatchLine),
    ...(scoresOnly(status)
      ? []
      : [
          `candidates ${status.candidates}`,
          ...yieldPart(status),
          `accepted ${status.accepted}/${status.target ?? '?'}`,
          `rejected ${sum(status.rejected)}${reasons(status.rejected)}`,
        ]),
    ...(sum(status.flagged) > 0 ? [`flagged${reasons(status.flagged)}`] : []),
    ...(status.gate ? [`gate ${gateInWords(status.gate)}`] : []),
    ...(status.scoring ? [`scores ${scoringInWords(status.scoring)}`] : []),
    ...(status.selection ? [`selected ${selectionInWords(status.selection)}`] : []),
    `tokens ${count(tokens.prompt + tokens.completion)}`,
    `cost ${cost(status)}`,
    ...budgetRows(status).map(({ share }) => `budget ${share}`),
  ].join(' · ');
}

function yieldPart(status: StatusReport): string[] {
  const share = yieldInWords(status);
  return share === null ? [] : [`yield ${share}`];
}

/** Accepted ones of all candidates so far, `62.1 %`; null before there is one. */
export function yieldInWords({ candidates, accepted }: StatusReport): string | null {
  return candidates > 0 ? `${((100 * accepted) / candidates).toFixed(1)} %` : null;
}

/** `forked from quickstart-a1b2 after round 3: target: 24 → 40`; nothing for a run that is no fork. */
export function forkLine({ forkedFrom }: Pick<StatusReport, 'forkedFrom'>): string[] {
  if (forkedFrom === null) return [];
  const { runId, round, changed } = forkedFrom;
  const where = round === 0 ? 'before round 1' : `after round ${round}`;
  return [`forked from ${runId} ${where}: ${changed.join(', ') || 'nothing changed'}`];
}

/** What a person should know of a selection. */
export function selectionWarning({ selection }: StatusReport): string[] {
  return selection?.warning ? [`warning: ${selection.warning}`] : [];
}

/** Rows are given, and nothing is generated. */
export function scoresOnly({ method, candidates }: StatusReport): boolean {
  return method === 'deita' && candidates === 0;
}

/** `800 of 5,000 rows (similar 12, score-missing 3)` */
export function selectionInWords({
  rows,
  selected,
  similar,
  scoreMissing,
  vectorMissing,
}: Selection): string {
  const left = Object.entries({ similar, 'score-missing': scoreMissing, 'vector-missing': vectorMissing });
  return `${selected} of ${rows} rows${reasons(Object.fromEntries(left.filter(([, n]) => n > 0)))}`;
}

/** Each limit with what is spent of it, as the budget counts: what may have been spent counts as spent. */
export function budgetRows(status: StatusReport): { share: string; unknown: string }[] {
  const { limits, spent, unknown } = status.budget;
  return budgetKeys.flatMap((key) => {
    if (limits[key] === null) return [];
    const isKnown = unknown[key] === 0;
    const part = isKnown ? '' : `  (up to ${inWords(key, unknown)} of it for ${openRequests(status)})`;
    return [{ share: shareInWords(key, spent, limits), unknown: part }];
  });
}

/** `batch in_progress 120/500 since 14:02`, in UTC. */
function shortBatchLine({ status, completed, total, sentAt, trouble }: BatchReport): string {
  return `batch ${status} ${completed}/${total} since ${sentAt.slice(11, 16)}${because(trouble)}`;
}

/** `in_progress · 120 of 500 requests done, 0 failed · sent 2026-11-21 14:02 UTC, seen 14:32`. */
export function batchLine({ status, total, completed, failed, sentAt, at, trouble }: BatchReport): string {
  const done = `${count(completed)} of ${count(total)} requests done, ${count(failed)} failed`;
  const sent = sentAt.slice(0, 16).replace('T', ' ');
  return `${status} · ${done} · sent ${sent} UTC, seen ${at.slice(11, 16)}${because(trouble)}`;
}

function because(trouble: string | null): string {
  return trouble === null ? '' : ` (${excerpt(trouble, 300)})`;
}

/** What it took to get usable answers, and why calls have none; '' when every answer came at once. */
export function answersInWords(calls: StatusReport['calls']): string {
  const failed = sum(calls.failed);
  const without = failed > 0 ? `${failed} without a usable answer${reasons(calls.failed)}` : '';
  return [waysInWords(calls), without].filter(Boolean).join(', ');
}

/** `round 2 · held-out loss 3.6886 → 3.1388`: reporting half, nats per answer token. */
export function lossLine({ round, before, after }: StatusReport['heldOutLoss'][number]): string {
  return `round ${round} · held-out loss ${before.toFixed(4)} → ${after.toFixed(4)}`;
}

/** What became of the seeds, round by round; rounds in a row with the same note share a line. */
export function noteLines({ notes }: StatusReport): string[] {
  const spans: { from: number; to: number; text: string }[] = [];
  for (const { round, note, warnings } of notes) {
    const text = oneLine([note, ...warnings].join(' '));
    const last = spans.at(-1);
    if (last?.text === text) last.to = round;
    else spans.push({ from: round, to: round, text });
  }
  return spans.map(
    ({ from, to, text }) => `${from === to ? `round ${from}` : `rounds ${from} to ${to}`} · ${text}`,
  );
}

/** What waits for people, since when and until when; null: nothing does. */
export function reviewLine({ runId, review }: StatusReport): string | null {
  if (review === null) return null;
  const shown = `${review.sampled} of ${review.accepted} examples`;
  return `waiting for review of ${waitInWords(review)}: npx seedmill review ${runId} shows ${shown}${onTimeout(review)}`;
}

function onTimeout({ until, onTimeout }: NonNullable<StatusReport['review']>): string {
  if (until === null) return '';
  const leftMs = Math.max(0, new Date(until).getTime() - Date.now());
  return `; on timeout: ${onTimeout} in ${aboutTime(leftMs)}`;
}

export function stateWord(status: StatusReport): string {
  const { runId, state, paused, stopReason } = status;
  if (paused) {
    const advice =
      paused.by === 'budget'
        ? ` (npx seedmill set ${runId} budget.…=… raises it)`
        : status.review
          ? ` (npx seedmill review ${runId} decides on it; resume waits as long again)`
          : '';
    return colours.yellow(`paused by ${excerpt(paused.by)}: ${excerpt(paused.reason, 1_000)}${advice}`);
  }
  const waiting = reviewLine(status);
  if (waiting !== null) return colours.yellow(waiting);
  const reason = stopReason ? ` (${excerpt(stopReason, 1_000)})` : '';
  if (state === 'finished') return colours.green(`finished${reason}`);
  return state === 'failed' ? colours.red(`failed${reason}`) : `${state}${reason}`;
}

export function cost(status: StatusReport): string {
  const { costUsd, unknownUsd } = status;
  const known = costUsd === null ? 'unknown (no price for this model)' : `$${costUsd.toFixed(4)}`;
  return unknownUsd === null || unknownUsd > 0
    ? `${known} + up to ${unknownUsd === null ? 'an unknown amount' : `$${unknownUsd.toFixed(4)}`} for ${openRequests(status)}`
    : known;
}

/** What counts at its highest cost; a batch that is at its provider counts like that for a day. */
function openRequests({ state }: StatusReport): string {
  const hasEnded = ['finished', 'cancelled', 'failed'].includes(state);
  return hasEnded ? 'requests with unknown outcome' : 'requests under way or with unknown outcome';
}

/** ` (similar 12, too-short 3)`, the most frequent first; nothing for none. */
export function reasons(rejected: Record<string, number | undefined>): string {
  const parts = Object.entries(rejected)
    .sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0))
    .map(([reason, n]) => `${reason} ${n}`);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

/** Of all reasons. */
export function sum(tally: Record<string, number | undefined>): number {
  return Object.values(tally).reduce<number>((total, n) => total + (n ?? 0), 0);
}

/** `12,345` */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}
