/** `npm run bench -- skillmix`: a run of Instruct-SkillMix with shirkers that is planned, killed, and counted to the last cent. */
import os from 'node:os';
import { readPhase } from '../../activities/count-round.js';
import { runFiles } from '../../activities/run-files.js';
import type { Coverage } from '../../methods/skillmix/coverage.js';
import { readJson } from '../../store/artifacts.js';
import { sumUsd } from '../../store/pricing.js';
import { countDuplicates, unless } from '../chaos/judge.js';
import { type KilledRun, liveThroughKills } from './killed-run.js';
import { runId } from './recipe.js';

export interface SkillMixBenchOptions {
  examples: number;
  /** Examples of the run that the plan learns from. */
  pilot: number;
  kills: number;
  seed: number;
  json: boolean;
}

/** How far the plan may be off. */
const tolerance = 0.1;

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Returns the exit code: 1 when anything does not hold; then the project's folder is kept. */
export async function benchSkillMix(options: SkillMixBenchOptions): Promise<number> {
  const run = await liveThroughKills({ ...options, say });
  const report = await reportOf(run, options);
  process.stdout.write(`${JSON.stringify(report, null, options.json ? undefined : 2)}\n`);
  if (report.problems.length === 0) {
    await run.project.stop();
    return 0;
  }
  for (const problem of report.problems) say(`! ${problem}`);
  say(`kept: ${run.project.folder}`);
  return 1;
}

async function reportOf(run: KilledRun, options: SkillMixBenchOptions) {
  const { pilot, plan, seconds, kills, status, verify, requests, books, project } = run;
  const store = await project.store();
  const { uniformity } = await readJson<Coverage>(store, runFiles(runId).dataset('coverage.json'));
  const lost = new Set(kills.flatMap(({ inFlight }) => inFlight));
  const { duplicates, unexplained } = countDuplicates({ requests }, lost);
  const figures = {
    examples: verify.dataset?.examples ?? 0,
    accepted: verify.candidates.accepted,
    calls: verify.calls.planned,
    callsPlanned: plan.total.calls,
    callsRatio: ratio(verify.calls.planned, plan.total.calls),
    requests: requests.length,
    requestsPlanned: plan.total.requests,
    usd: verify.costUsd,
    usdPlanned: plan.total.usd,
    usdRatio: ratio(verify.costUsd ?? Number.NaN, plan.total.usd ?? Number.NaN),
    billUsd: books.billUsd,
    unknownUsd: books.unknownUsd,
    kills: kills.map(({ victim, atRequests, inFlight }) => ({
      victim,
      atRequests,
      inFlight: inFlight.length,
    })),
    duplicates,
    gate: status.gate,
    rejected: verify.candidates.rejected,
    failedCalls: verify.calls.failed,
    rowsLost: await rowsLost(run),
    verifyOk: verify.ok,
    seconds: Number(seconds.toFixed(1)),
    coverage: {
      skillsZ: uniformity.skills?.z ?? null,
      distinctPairs: uniformity.pairs?.distinct ?? null,
      expectedDistinctPairs: uniformity.pairs?.expectedDistinct ?? null,
    },
    pilot: { examples: pilot.accepted, calls: pilot.calls.planned, usd: pilot.costUsd },
  };
  const spent = `$${books.knownUsd} known + $${books.unknownUsd} unknown`;
  const problems = [
    ...unless(status.state === 'finished', `the run is ${status.state}: ${status.stopReason}`),
    ...verify.problems.map((problem) => `verify: ${problem}`),
    ...unless(figures.examples === options.examples, `the dataset has ${figures.examples} examples`),
    ...unless(kills.length === options.kills, `only ${kills.length} kills before the end`),
    ...unless(figures.rowsLost === 0, `${figures.rowsLost} rows are lost`),
    ...unless(unexplained === 0, `${unexplained} duplicates of calls that were not in flight`),
    ...unless(books.withoutIntent.length === 0, `${books.withoutIntent.length} requests have no intent`),
    ...unless(
      books.misbooked.length === 0,
      `${books.misbooked.length} attempts are not booked at their bill`,
    ),
    ...unless(
      books.knownUsd <= books.billUsd && books.billUsd <= sumUsd([books.knownUsd, books.unknownUsd]),
      `the bill of $${books.billUsd} is not within ${spent}`,
    ),
    ...unless(verify.costUsd === books.knownUsd, `verify counts $${verify.costUsd}, the ledger has ${spent}`),
    ...unless(Math.abs(figures.callsRatio - 1) <= tolerance, `calls are ${figures.callsRatio} of the plan`),
    ...unless(Math.abs(figures.usdRatio - 1) <= tolerance, `dollars are ${figures.usdRatio} of the plan`),
  ];
  return {
    cores: os.availableParallelism(),
    node: process.version,
    seed: options.seed,
    ...figures,
    problems,
  };
}

/** Planned calls without an end, answered drafts without a verdict, accepted examples that were not exported. */
async function rowsLost({ project, verify }: KilledRun): Promise<number> {
  const store = await project.store();
  let drafts = 0;
  for (let round = 1; round <= verify.rounds; round += 1) {
    const phase = await readPhase(store, { runId, round }, 'draft');
    drafts += phase?.calls.filter(({ outcome }) => outcome === 'answered').length ?? 0;
  }
  const { accepted, parsed } = verify.candidates;
  const exported = (verify.dataset?.examples ?? 0) + (verify.dataset?.surplus ?? 0);
  return verify.calls.pending + Math.abs(drafts - parsed) + Math.abs(accepted - exported);
}

function ratio(came: number, planned: number): number {
  return Number((came / planned).toFixed(4));
}
