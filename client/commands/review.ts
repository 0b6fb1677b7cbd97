import type { ReviewRequest } from '../../activities/review-messages.js';
import { excerpt } from '../../methods/text.js';
import { UserError } from '../../store/errors.js';
import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { findClient } from '../find-server.js';
import { look } from '../look.js';
import { steer } from '../live-run.js';
import { reviewLine } from '../progress-lines.js';
import { type RoundToReview, reviewRequest, roundToReview } from '../review/round-to-review.js';
import { reviewSession, type SessionResult } from '../review/session.js';
import { readVerdictsFile } from '../review/verdicts-file.js';
import { readStatus, type StatusReport } from '../status.js';
import { UsageError } from '../usage-error.js';
import { person } from './steer.js';
import { printJson } from '../terminal.js';

export interface ReviewCommandOptions {
  by?: string;
  /** A file; without it the round is decided on as a whole. */
  verdicts?: string;
  approve?: boolean;
  rejectRound?: boolean;
  note?: string;
}

/** `seedmill review`: shows a sample of the round that waits for people, and decides on it. Returns the exit code. */
export async function review(
  context: Context,
  runId: string,
  options: ReviewCommandOptions,
): Promise<number> {
  checkRunId(runId);
  const decision = decisionOf(options);
  const by = person(options.by);
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  const client = await findClient(context).catch((error: Error) => error);
  try {
    const { status } = await look({ store, client: client instanceof Error ? null : client, runId });
    if (status.review === null) throw new UserError(nothingWaits(status));
    const round = await roundToReview(store, { runId, wait: status.review });
    if (decision === null && context.json) return printSample(runId, round);
    if (client instanceof Error)
      throw new UserError(`review ${runId}: nothing is decided: ${client.message}`);
    const said = await decide(context, { options, decision, round, status });
    if (said === null) {
      context.say(`nothing is decided: ${runId} waits on`);
      return 0;
    }
    const request = await reviewRequest(store, { runId, by, round: round.wait.round, ...said });
    const after = await steer<ReviewRequest>(client, { runId, update: 'review', arg: request });
    if (context.json) printJson({ runId, ...after });
    else
      context.say(
        `round ${request.round} is ${said.decision === 'approve' ? 'approved' : 'rejected'}; ${runId} is ${after.state}`,
      );
    return 0;
  } finally {
    if (!(client instanceof Error)) await client.connection.close();
  }
}

function decisionOf({
  approve,
  rejectRound,
  verdicts,
  note,
}: ReviewCommandOptions): SessionResult['decision'] | null {
  if (approve && rejectRound)
    throw new UsageError('--approve and --reject-round: a round is one or the other');
  const decision = approve ? 'approve' : rejectRound ? 'reject' : null;
  for (const [option, value] of Object.entries({ '--verdicts': verdicts, '--note': note })) {
    if (value !== undefined && decision === null)
      throw new UsageError(`${option} needs --approve or --reject-round: what becomes of the others`);
  }
  return decision;
}

/** By the command's options, else by a person at the terminal; null: nothing is decided. */
async function decide(
  { say }: Context,
  {
    options,
    decision,
    round,
    status,
  }: {
    options: ReviewCommandOptions;
    decision: SessionResult['decision'] | null;
    round: RoundToReview;
    status: StatusReport;
  },
): Promise<SessionResult | null> {
  if (decision !== null) {
    const { verdicts: file, note } = options;
    const { check } = round;
    const verdicts = file === undefined ? [] : await readVerdictsFile(file, { check, decision });
    return { decision, note: note === undefined ? null : excerpt(note, 1_000), verdicts };
  }
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UsageError(
      'this is no terminal: --json prints the sample; --approve or --reject-round decides, with --verdicts FILE on single examples',
    );
  const { hasLeft, terminalDesk } = await import('../review/terminal-desk.js');
  say(reviewLine(status) ?? '');
  try {
    return await reviewSession(terminalDesk, round);
  } catch (error) {
    if (hasLeft(error)) return null;
    throw error;
  }
}

function printSample(runId: string, { wait, sample }: RoundToReview): number {
  printJson({ runId, ...wait, sample });
  return 0;
}

function nothingWaits({ runId, state, stopReason, round, step, dataset }: StatusReport): string {
  const now = dataset === null ? `it is ${state}, round ${round}, ${step}` : `it has ended: ${state}`;
  const why = stopReason === null ? '' : ` (${excerpt(stopReason, 300)})`;
  return `${runId} waits for no review: ${now}${why}. The recipe key "review" makes rounds wait`;
}
