import assert from 'node:assert/strict';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { TrainingBatch } from '../../activities/student-messages.js';
import type { Candidate, HeldOutRow, Seed } from '../../activities/types.js';
import { readStatus, type StatusReport } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { splitHeldOut } from '../../methods/sedi/held-out.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { scriptedTeacher } from '../scripted-teacher.js';
import { testSeeds } from '../test-seeds.js';
import { type Dataset, readDataset } from './dataset.js';

const target = 45;
const { rows: heldOut, pool } = splitHeldOut({ seeds: testSeeds(), runSeed: 1, tokenisation: 'rouge' });
const [leaked] = heldOut as [HeldOutRow];
const [repeated] = pool as [Seed];

/** Now and then the teacher writes down a held-out task, and a seed, as its own. */
const script: ReturnType<typeof scriptedTeacher> = (request) => {
  const { text } = scriptedTeacher()(request);
  const next = Number(/Task (\d+):\s*$/.exec(request.prompt)?.[1]);
  if (Number.isNaN(next) || request.hash < '8') return { text };
  return {
    text: ` ${leaked.instruction}\nTask ${next + 1}: ${repeated.instruction}\nTask ${next + 2}:${text}`,
  };
};

describe('a SeDi-Instruct run', () => {
  let harness: RunHarness;
  let runId: string;
  let rounds: number;
  let status: StatusReport;
  let dataset: Dataset;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script } });
    runId = await harness.finishedRun({ target, generation: { callsPerRound: 3 } });
    status = await readStatus(harness.store, runId);
    rounds = status.round;
    dataset = await readDataset(harness, runId);
  });
  after(() => harness.stop());

  async function eachRound<T>(name: (files: ReturnType<typeof roundFiles>) => string): Promise<T[][]> {
    const names = Array.from({ length: rounds }, (_, n) => name(roundFiles(runId, n + 1)));
    return await Promise.all(names.map((file) => readJsonlAt<T>(harness.store, file, { missing: 'empty' })));
  }

  async function accepted(): Promise<Candidate[]> {
    const candidates = (await eachRound<Candidate>((files) => files.candidates)).flat();
    return candidates.filter(({ verdict }) => verdict.state === 'accepted');
  }

  it('ends when its target is reached, after several rounds', () => {
    assert.deepEqual([status.state, status.stopReason], ['finished', 'target reached']);
    assert.ok(rounds >= 3, `${rounds} rounds`);
  });

  it('has exactly as many examples as were asked for', () => {
    assert.equal(dataset.train.length, target);
  });

  it('says the same of an example on the same line of every file', () => {
    for (const [line, { instruction, input, output, place }] of dataset.lineage.entries()) {
      const content = input === '' ? instruction : `${instruction}\n\n${input}`;
      const messages = [
        { role: 'user', content },
        { role: 'assistant', content: output },
      ];
      assert.deepEqual(dataset.train[line], { messages });
      const { round = null, batch = null } = place;
      assert.deepEqual(dataset.alpaca[line], { instruction, input, output, round, batch });
    }
    assert.equal(dataset.lineage.length, dataset.train.length);
    assert.equal(dataset.alpaca.length, dataset.train.length);
  });

  it('keeps the order of the batches, and puts what waited behind them', async () => {
    const batches = (await eachRound<TrainingBatch>((files) => files.batches)).flat();
    const waiting = (await eachRound<{ id: string }>((files) => files.waiting)).at(-1) ?? [];
    const ids = [...batches.flatMap(({ examples }) => examples), ...waiting].map(({ id }) => id);
    assert.deepEqual(
      dataset.lineage.map(({ id }) => id),
      ids,
    );
  });

  it('keeps what it has above its target aside, in call order', async () => {
    assert.deepEqual(
      dataset.surplus.map(({ id }) => id),
      (await accepted()).slice(target).map(({ id }) => id),
    );
    assert.ok(dataset.surplus.length > 0);
  });

  it('adds up', async () => {
    const { ok, problems, ended } = await verifyRun(harness.store, runId);
    assert.deepEqual([ok, problems, ended], [true, [], true]);
  });

  it('counts every call and every candidate once', async () => {
    const { calls, candidates, rejected } = status;
    assert.deepEqual(calls, {
      planned: harness.teacher.requests.length,
      answered: harness.teacher.requests.length,
      failed: {},
      sent: harness.teacher.requests.length,
      mended: 0,
      repaired: 0,
      reAsked: 0,
      givenUp: 0,
      fromStore: 0,
      failedAttempts: 0,
      unknownAttempts: 0,
    });
    const rejections = Object.values(rejected).reduce((sum, n) => sum + n, 0);
    assert.equal(candidates, status.accepted + rejections);
    assert.equal(status.accepted, (await accepted()).length);
  });

  it('reports the tokens that the teacher billed', () => {
    const { promptTokens, completionTokens } = harness.teacher.billed;
    assert.deepEqual(status.tokens, { prompt: promptTokens, completion: completionTokens, unknown: 0 });
  });

  it('reports the held-out loss of every round', () => {
    assert.deepEqual(
      status.heldOutLoss.map(({ round }) => round),
      Array.from({ length: rounds }, (_, n) => n + 1),
    );
  });

  it('makes attractive instructions of accepted examples seeds of the next round', async () => {
    const [batches] = await eachRound<TrainingBatch>((files) => files.batches);
    const trained = new Set(batches?.flatMap(({ examples }) => examples.map(({ id }) => id)));
    const [first, second] = await eachRound<Seed>((files) => files.seedPool);
    const machine = second?.filter(({ origin }) => origin === 'machine') ?? [];
    assert.ok(machine.length > 0);
    assert.ok(machine.every(({ id }) => trained.has(id)));
    assert.deepEqual(
      second?.filter(({ origin }) => origin === 'human'),
      first,
    );
  });

  it('shows refined seeds to the teacher', async () => {
    const pools = (await eachRound<Seed>((files) => files.seedPool)).flat();
    const refined = pools.filter(({ origin }) => origin === 'machine').map(({ instruction }) => instruction);
    const lists = harness.teacher.requests.map(({ body }) => String(body.prompt)).filter(isList);
    assert.ok(lists.some((prompt) => refined.some((instruction) => prompt.includes(instruction))));
  });

  it('never shows a held-out task to the teacher', async () => {
    const kept = await readJsonlAt<HeldOutRow>(harness.store, runFiles(runId).heldOut);
    assert.equal(kept.length, 6);
    const prompts = harness.teacher.requests.map(({ body }) => String(body.prompt));
    const shown = kept.filter(({ instruction }) => prompts.some((prompt) => prompt.includes(instruction)));
    assert.deepEqual(shown, []);
  });

  it('rejects what the teacher writes of a held-out task as a leak', () => {
    assert.ok((status.rejected['heldout-leak'] ?? 0) > 0);
    const instructions = [...dataset.lineage, ...dataset.surplus].map(({ instruction }) => instruction);
    assert.ok(!instructions.includes(leaked.instruction));
  });

  it('rejects a seed that the teacher repeats', async () => {
    const candidates = (await eachRound<Candidate>((files) => files.candidates)).flat();
    const repeats = candidates.filter(({ instruction }) => instruction === repeated.instruction);
    assert.ok(repeats.length > 0);
    for (const { verdict, nearest } of repeats) {
      assert.equal(verdict.state === 'rejected' && verdict.reason, 'similar');
      assert.deepEqual(nearest, { id: repeated.id, similarity: 1 });
    }
  });
});

function isList(prompt: string): boolean {
  return /Task \d+:\s*$/.test(prompt);
}
