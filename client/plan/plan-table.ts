/** A plan for people and for programs. */
import { aboutTime } from '../watch/outlook.js';
import type { Amounts, Basis } from './expect.js';
import type { Bound, ExpectedTime } from './expect-time.js';
import type { RunExpectation } from './run-expectation.js';
import type { Rate } from './rates.js';

/** Whole calls, requests and tokens, and dollars to a millionth; of one example to a hundredth. */
export function planAsJson(plan: RunExpectation): RunExpectation {
  const whole = (amounts: Amounts) => rounded(amounts, 0);
  return {
    ...plan,
    phases: plan.phases.map((phase) => ({ ...phase, ...whole(phase) })),
    total: whole(plan.total),
    perAccepted: plan.perAccepted && rounded(plan.perAccepted, 2),
    time: { ...plan.time, ms: plan.time.ms === null ? null : Math.round(plan.time.ms) },
    rates: plan.rates.map((rate) => ({ ...rate, value: round(rate.value, 4) })),
  };
}

function rounded({ calls, requests, promptTokens, completionTokens, usd }: Amounts, digits: number): Amounts {
  return {
    calls: round(calls, digits),
    requests: round(requests, digits),
    promptTokens: round(promptTokens, digits),
    completionTokens: round(completionTokens, digits),
    usd: usd === null ? null : round(usd, 6),
  };
}

export function planTable(plan: RunExpectation): string[] {
  const { recipe, method, examples, phases, total, perAccepted, rates, notes } = plan;
  const rows = [
    ['', 'calls', 'requests', 'tokens in', 'tokens out', 'dollars', 'rests on'],
    ...phases.map((phase) => [phase.phase, ...cells(phase, 0), basisInWords(phase.basis)]),
    ['total', ...cells(total, 0), ''],
    ...(perAccepted ? [['per example', ...cells(perAccepted, 1), '']] : []),
  ];
  return [
    `${recipe}: ${method}, ${examples === 0 ? 'no examples' : `${number(examples, 0)} ${what[method] ?? 'accepted examples'}`}`,
    '',
    ...inColumns(rows),
    '',
    ...(total.requests > 0 ? [timeInWords(plan.time)] : []),
    ...rates
      .filter(tellsSomething)
      .map((rate) => `${rate.name}: ${rateInWords(rate)} (${basisInWords(rate.basis)})`),
    ...notes,
  ];
}

/** What a dataset holds, where it holds no examples that were accepted. */
const what: Partial<Record<RunExpectation['method'], string>> = { deita: 'rows', evolve: 'best responses' };

const boundInWords: Record<Bound, string> = {
  concurrency: 'by concurrency',
  requestsPerMinute: 'by requestsPerMinute',
  tokensPerMinute: 'by tokensPerMinute',
  batch: 'by the Batch API',
};

function timeInWords({ ms, unknown, bound }: ExpectedTime): string {
  if (bound === 'batch') return 'time: unknown; a batch may take a day, and a run makes one after another';
  if (ms === null)
    return `time: unknown until calls for ${unknown.join(', ')} have been timed: a small run (--set target=60) does`;
  const held = bound === null ? '' : `, held ${boundInWords[bound]}`;
  return `time: ${aboutTime(ms)} of the teacher’s calls${held}; the student’s work comes on top`;
}

function cells(amounts: Amounts, digits: number): string[] {
  const { calls, requests, promptTokens, completionTokens, usd } = amounts;
  return [
    ...[calls, requests, promptTokens, completionTokens].map((value) => number(value, digits)),
    usd === null ? 'unknown' : dollars(usd),
  ];
}

function dollars(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 1 ? 4 : 2)}`;
}

function rateInWords({ value, isShare }: Rate): string {
  return isShare ? `${number(100 * value, 1)} %` : number(value, 2);
}

function basisInWords(basis: Basis): string {
  if (basis.from === 'assumed') return 'assumed';
  const { rows, of, runs } = basis;
  const [newest, ...others] = runs;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${number(rows, 0)} ${of} of ${newest}${more}`;
}

/** That everything goes well is what one expects. */
function tellsSomething({ value, isShare, basis }: Rate): boolean {
  return basis.from === 'measured' || !isShare || value !== 1;
}

/** Names and reasons to the left, figures to the right. */
function inColumns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const isText = column === 0 || column === row.length - 1;
        return isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
