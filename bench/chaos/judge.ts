/** What must hold for a run that was disturbed, beside one that was not. */
import { isDeepStrictEqual } from 'node:util';
import { sumUsd } from '../../store/pricing.js';
import { idOf } from '../../test/cli/provider-books.js';
import type { LivedRun } from './live-through.js';
import { isMalformed } from './teacher-script.js';

/** Longest time from an intent to the arrival of its request, on a machine that is busy with everything at once. */
const crossingMs = 2_000;

/** Figures of one run. */
export interface RunFigures {
  seconds: number;
  plannedCalls: number;
  requests: number;
  faults: { rateLimited: number; serverError: number; reset: number; malformed: number };
  /** Requests that were sent although their answer was in the store. */
  storedAskedAgain: number;
  /** Answers beyond the first that the teacher gave to one call. */
  duplicates: number;
  /** Requests in flight in workers when they were killed or stopped. */
  inFlightAtKills: number;
  /** Duplicates of calls of which no request was in flight then. */
  duplicatesUnexplained: number;
  requestsWithoutIntent: number;
  knownUsd: number;
  billUsd: number;
  unknownUsd: number;
  /** What does not hold, in words. */
  problems: string[];
}

/** The figures of one run by itself. */
export function figuresOf(run: LivedRun): RunFigures {
  const { books, requests, verify, status, blows } = run;
  const lost = new Set(blows.flatMap(({ inFlight }) => inFlight));
  const { duplicates, unexplained } = countDuplicates(run, lost);
  const { knownUsd, unknownUsd, billUsd } = books;
  const figures = {
    seconds: run.seconds,
    plannedCalls: verify.calls.planned,
    requests: requests.length,
    faults: {
      rateLimited: requests.filter((request) => request.status === 429).length,
      serverError: requests.filter((request) => (request.status ?? 0) >= 500).length,
      reset: requests.filter(({ status, isAnswered }) => !isAnswered && (status ?? 200) === 200).length,
      malformed: requests.filter((request) => request.isAnswered && isMalformed(request)).length,
    },
    storedAskedAgain: askedAgain(run),
    duplicates,
    inFlightAtKills: lost.size,
    duplicatesUnexplained: unexplained,
    requestsWithoutIntent: books.withoutIntent.length,
    ...{ knownUsd, billUsd, unknownUsd },
  };
  const spent = `$${knownUsd} known + $${unknownUsd} unknown`;
  const problems = [
    ...(status.state === 'finished' ? [] : [`the run is ${status.state}: ${status.stopReason}`]),
    ...verify.problems.map((problem) => `verify: ${problem}`),
    ...unless(figures.storedAskedAgain === 0, `${figures.storedAskedAgain} stored answers were asked again`),
    ...unless(duplicates <= lost.size, `${duplicates} duplicates for ${lost.size} requests in flight`),
    ...unless(unexplained === 0, `${unexplained} duplicates of calls that were not in flight`),
    ...unless(books.withoutIntent.length === 0, `${books.withoutIntent.length} requests have no intent`),
    ...unless(books.intendedTwice === 0, `${books.intendedTwice} attempts have two intents`),
    ...unless(books.sentTwice === 0, `${books.sentTwice} requests share an id with another`),
    ...unless(
      books.misbooked.length === 0,
      `${books.misbooked.length} attempts are not booked at their bill`,
    ),
    ...unless(knownUsd <= billUsd, `the bill of $${billUsd} is below the $${knownUsd} known`),
    ...unless(billUsd <= sumUsd([knownUsd, unknownUsd]), `the bill of $${billUsd} is above ${spent}`),
    ...unless(
      verify.costUsd === knownUsd && verify.unknownUsd === unknownUsd,
      `verify counts $${verify.costUsd} known and $${verify.unknownUsd} unknown, the ledger has ${spent}`,
    ),
  ];
  return { ...figures, problems };
}

/** Rows that the undisturbed run has and this one lacks, planned calls without an end among them. */
export function rowsLost(calm: LivedRun, disturbed: LivedRun): number {
  const there = new Set(disturbed.acceptedIds);
  return calm.acceptedIds.filter((id) => !there.has(id)).length + disturbed.verify.calls.pending;
}

/** Whether the datasets are the same, byte by byte; of the lineage all but the run's id and what was paid. */
export function haveSameBytes(calm: LivedRun, disturbed: LivedRun): boolean {
  return isDeepStrictEqual(calm.dataset, disturbed.dataset);
}

/** Answers beyond the first to one call; `unexplained`: of those that were not `lost` in flight. */
export function countDuplicates({ requests }: Pick<LivedRun, 'requests'>, lost: ReadonlySet<string>) {
  const answered = new Map<string, string[]>();
  for (const request of requests) {
    if (!request.isAnswered) continue;
    answered.set(request.hash, [...(answered.get(request.hash) ?? []), idOf(request)]);
  }
  let duplicates = 0;
  let unexplained = 0;
  for (const ids of answered.values()) {
    const extra = ids.length - 1;
    duplicates += extra;
    unexplained += Math.max(0, extra - ids.filter((id) => lost.has(id)).length);
  }
  return { duplicates, unexplained };
}

/**
 * An intent is written after the store was found to have no answer, so one that is younger than the answer is a fault. So
 * is one that was written before and sent much later; two workers may cross within a moment.
 */
function askedAgain({ books, requests, storedAt }: LivedRun): number {
  const intents = new Map(books.attempts.map(({ intent }) => [intent.attemptId, intent]));
  return requests.filter((request) => {
    const intent = intents.get(idOf(request));
    if (!intent) return false;
    const answeredMs = storedAt.get(intent.callKey) ?? Number.POSITIVE_INFINITY;
    return Date.parse(intent.at) > answeredMs || request.atMs > answeredMs + crossingMs;
  }).length;
}

export function unless(holds: boolean, problem: string): string[] {
  return holds ? [] : [problem];
}
