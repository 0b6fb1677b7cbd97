/**
 * Records the histories that `test/workflows/replay.test.ts` replays. Record them anew only when open runs are not
 * meant to survive a change of the workflows, and say so in the commit. All of them, or those that are named:
 *
 *     npx tsx test/histories/record.ts [name …]
 */
import { writeFile } from 'node:fs/promises';
import proto from '@temporalio/proto';
import { batchId, loopId, shardId } from '../../workflows/ids.js';
import { reviewUpdate } from '../../workflows/messages.js';
import { BatchServer } from '../batch-server.js';
import { mochaGlobalTeardown } from '../global-setup.js';
import { RunHarness, until } from '../run-harness.js';
import { rowsToEvolve, scriptedEvolution } from '../scripted-evolution.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';

const wanted = process.argv.slice(2);
const batches = new BatchServer({ expireAfter: ({ index }) => (index === 0 ? 1 : undefined) });
const harness = await RunHarness.start({
  teacher: {
    latencyMs: 30,
    fault: (_request, { index }) => (index === 0 ? { status: 503 } : undefined),
    also: batches.answer,
  },
});
try {
  const runId = await harness.startRun({ target: 20, generation: { callsPerRound: 3 } });
  await until(() => harness.teacher.requests.length >= 6);
  await harness.pause(runId);
  await harness.resume(runId);
  await harness.result(runId);
  await record('recipe-run-paused-and-resumed', runId);
  await record('generate-loop-first-round', loopId(runId), await firstExecutionOf(loopId(runId)));
  await record(
    'call-shard-with-a-retried-call',
    shardId({ runId, round: 1, phase: 'instructions', shard: 0 }),
  );
  const byBatch = await harness.finishedRun({
    method: 'self-instruct',
    target: 8,
    teacher: { mode: 'batch', batchPollSeconds: 0.1 },
    generation: { callsPerRound: 3 },
    seed: 2,
  });
  await record(
    'call-batch-that-expired',
    batchId({ runId: byBatch, round: 1, phase: 'instructions', batch: 0 }),
  );
  await recordSkillMix();
  await recordEvolution();
  await recordReview();
} finally {
  await harness.stop();
  await mochaGlobalTeardown();
}
process.exit();

async function recordSkillMix(): Promise<void> {
  harness.teacher.script = scriptedSkillMix({ cutOff: 0.3 });
  const runId = await harness.finishedRun({
    method: 'skillmix',
    target: 4,
    skillmix: {
      skills: { from: 'prompting', topics: 4, perTopic: 3, maxRounds: 1 },
      shirkers: { kind: 'brief', share: 0.25 },
    },
    gate: {},
    generation: { callsPerRound: 5 },
  });
  await record('skillmix-loop-extraction', loopId(runId), await firstExecutionOf(loopId(runId)));
  await record('skillmix-loop-last-round', loopId(runId));
}

/** Nobody comes in time, and then somebody does. */
async function recordReview(): Promise<void> {
  harness.teacher.script = answer;
  const runId = await harness.startRun({
    target: 8,
    generation: { callsPerRound: 3 },
    stop: { maxRounds: 1 },
    review: { timeoutHours: 1 / 3_600 },
  });
  await harness.untilPaused(runId);
  const review = { by: 'ann', round: 1, decision: 'approve' as const, note: null, verdicts: null };
  await harness.handle(runId).executeUpdate(reviewUpdate, { args: [review] });
  await harness.result(runId);
  await record('recipe-run-reviewed', runId);
  await record('generate-loop-reviewed', loopId(runId));
}

async function recordEvolution(): Promise<void> {
  harness.teacher.script = scriptedEvolution({ bad: { refusal: 0.3 } });
  const runId = await harness.finishedRun(
    { method: 'evolve', evolve: { aspect: 'quality', rounds: 1, trainScorer: {} } },
    { given: { data: rowsToEvolve(4) } },
  );
  await record('evolve-loop-first-round', loopId(runId), await firstExecutionOf(loopId(runId)));
  await record('evolve-loop-last-round', loopId(runId));
}

async function record(name: string, workflowId: string, execution?: string): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const history = await harness.client.workflow.getHandle(workflowId, execution).fetchHistory();
  const json = JSON.stringify(withoutMachine(toJson(history)), null, 1);
  await writeFile(new URL(`${name}.json`, import.meta.url), `${json}\n`);
  process.stdout.write(`${name}: ${history.events?.length} events\n`);
}

/** As `replay.test.ts` reads it: the SDK's own converter needs one copy of protobufjs where npm installs three. */
function toJson(history: proto.temporal.api.history.v1.IHistory): unknown {
  const { History } = proto.temporal.api.history.v1;
  return History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
}

async function firstExecutionOf(workflowId: string): Promise<string> {
  const { raw } = await harness.client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.firstRunId as string;
}

/** What names this machine means nothing to a replay: paths, the process, stack traces. */
function withoutMachine(value: unknown, key = ''): unknown {
  if (key === 'identity' || (key === 'name' && /^\d+@/.test(String(value)))) return 'worker';
  if (key === 'stackTrace') return '';
  if (typeof value === 'string') return key === 'data' ? withoutPath(value) : value;
  if (Array.isArray(value)) return value.map((item) => withoutMachine(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withoutMachine(inner, name)]),
  );
}

/** Payloads are base64. */
function withoutPath(data: string): string {
  const text = Buffer.from(data, 'base64').toString('utf8');
  return Buffer.from(text.replaceAll(harness.store.url, 'file:///runs')).toString('base64');
}
