import assert from 'node:assert/strict';
import { Watcher } from '../../client/watch/watcher.js';
import { viewLines } from '../../client/watch/view.js';
import { givenRows } from '../given-rows.js';
import { RunHarness, until } from '../run-harness.js';
import { withScores } from '../scripted-deita.js';
import { rowsToEvolve, scriptedEvolution } from '../scripted-evolution.js';
import { answer } from '../scripted-teacher.js';

const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };

describe('the outlook of a run with rows to score, select or evolve', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    const others = { vectors: {}, scorer: { script: withScores(answer) } };
    harness = await RunHarness.start({ teacher: { script: withScores(answer) }, others });
  });
  after(() => harness.stop());

  /** Answers so many requests of a model, and holds all after them. */
  const holdBehind = (answered: number, model: string) => {
    let seen = 0;
    return harness.teacher.hold((request) => {
      if (request.model === model) seen += 1;
      return request.model === model && seen > answered;
    });
  };
  const seenWith = async (runId: string, missingCalls: number) => {
    const watcher = new Watcher({ store: harness.store, runId });
    return await until(async () => {
      const sight = await watcher.look(harness.client);
      return sight.outlook.missingCalls === missingCalls && sight;
    });
  };
  const teachers = { vectors: { form: 'embedding', price }, scorer: { form: 'chat', price } };

  it('is all calls about the rows that a run of DEITA was given, part after part', async () => {
    const held = holdBehind(3, 'scored');
    const runId = await harness.startRun(
      {
        method: 'deita',
        teacher: { model: 'scored', price },
        teachers: { vectors: teachers.vectors },
        score: { scorer: 'judge' },
        select: { size: 4, embedder: 'vectors' },
        rowsPerRound: 6,
      },
      { given: { data: givenRows(12) } },
    );
    // 15 turns, each of them two calls, and vectors of two parts, but for what was answered.
    const sight = await seenWith(runId, 2 * 15 + 2 - 3);
    assert.ok((sight.outlook.usd ?? 0) > (sight.status.costUsd ?? 0));
    assert.match(
      viewLines(sight)
        .map(({ text }) => text)
        .join('\n'),
      /about \$[\d.]+ at the end/,
    );
    held.release();
    await harness.result(runId);
  });

  it('is all variants that a run of evolution makes, judges and ranks', async () => {
    harness.teacher.script = scriptedEvolution();
    const held = holdBehind(4, 'evolved');
    const runId = await harness.startRun(
      {
        method: 'evolve',
        evolve: { aspect: 'complexity', rounds: 2 },
        teacher: { model: 'evolved', price },
      },
      { given: { data: rowsToEvolve(6) } },
    );
    const sight = await seenWith(runId, 6 * 2 * 2 + 6 - 4);
    assert.ok((sight.outlook.usd ?? 0) > (sight.status.costUsd ?? 0));
    held.release();
    await harness.result(runId);
    harness.teacher.script = withScores(answer);
  });

  it('is the scoring of all examples once they are generated', async () => {
    const held = harness.others.scorer?.hold(() => true);
    const runId = await harness.startRun({
      method: 'self-instruct',
      teacher: { price },
      teachers,
      generation: { teachers: { complexity: 'scorer', quality: 'scorer' } },
      score: { scorer: 'judge' },
      select: { size: 6, embedder: 'vectors' },
      target: 20,
    });
    const sight = await seenWith(runId, 20 + 20 + 3);
    assert.ok((sight.outlook.usd ?? 0) > (sight.status.costUsd ?? 0));
    held?.release();
    await harness.result(runId);
  });
});
