import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { EvolutionReport, VariantRow } from '../../activities/deita/export-evolution.js';
import { runFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJson, readJsonlAt } from '../../store/artifacts.js';
import { RunHarness, until } from '../run-harness.js';
import {
  kindOf,
  rowsToEvolve,
  type ScriptedEvolutionOptions,
  scriptedEvolution,
} from '../scripted-evolution.js';
import { rows } from './dataset.js';

const everyKind = {
  'no-gain': 0.12,
  unchanged: 0.12,
  refusal: 0.12,
  'only-stop-words': 0.12,
  'leaked-prompt': 0.12,
};
/** What each run's teacher does; a run's model is named like it. */
const scripts: Record<string, ScriptedEvolutionOptions> = {
  'every kind': { bad: everyKind },
  'of responses': { bad: everyKind },
  'no survivor': { bad: { refusal: 1 } },
  'rankings repaired': { unreadable: 0.5 },
  'rankings unreadable': { unreadable: 1 },
  restarted: { bad: everyKind, unreadable: 0.3 },
};

describe('a run of DEITA’s evolution in trouble', () => {
  let harness: RunHarness;
  const slow = new Set<string>();
  let failures = 1;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({
      teacher: {
        script: (request) => scriptedEvolution(scripts[request.model] ?? {})(request),
        fault: ({ model }) => ({ delayMs: slow.has(model) ? 1_000 : model === 'restarted' ? 40 : 0 }),
      },
      scorerTraining: async (input, scripted) => {
        failures -= 1;
        if (failures >= 0) throw ApplicationFailure.nonRetryable('the disk is full', 'MissingData');
        return await scripted(input);
      },
    });
  });
  after(() => harness.stop());

  const start = (model: string, evolve: object, { rows = 8, teacher = {} } = {}) =>
    harness.startRun(
      { method: 'evolve', evolve, teacher: { model, ...teacher } },
      { given: { data: rowsToEvolve(rows) } },
    );
  const finished = async (...options: Parameters<typeof start>) => {
    const runId = await start(...options);
    await harness.result(runId);
    return runId;
  };
  const variants = (runId: string) =>
    readJsonlAt<VariantRow>(harness.store, runFiles(runId).dataset('variants.jsonl'));
  const report = (runId: string) =>
    readJson<EvolutionReport>(harness.store, runFiles(runId).dataset('evolution.json'));
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);

  for (const [model, aspect] of [
    ['every kind', 'complexity'],
    ['of responses', 'quality'],
  ] as const) {
    describe(`with eliminations of every kind, ${aspect}`, () => {
      let runId: string;
      let made: VariantRow[];
      before(async () => {
        runId = await finished(model, { aspect, rounds: 3 }, { rows: 30 });
        made = await variants(runId);
      });

      it('counts each of them, and everything adds up', async () => {
        await assertAddsUp(runId);
        const { rejected, candidates, accepted } = await readStatus(harness.store, runId);
        assert.deepEqual(Object.keys(rejected).sort(), Object.keys(everyKind).sort());
        const lost = Object.values(rejected).reduce((sum, n) => sum + n, 0);
        assert.deepEqual([candidates, accepted + lost], [90, 90]);
        assert.deepEqual((await report(runId)).variants.eliminated, rejected);
      });

      it('asks about the gain of those alone that nothing else speaks against', () => {
        const asked = harness.requestsFor(model).map(({ body }) => kindOf(asRequest(body)));
        const judged = made.filter(
          ({ strategy, eliminated }) => strategy !== null && (eliminated ?? 'no-gain') === 'no-gain',
        );
        assert.equal(asked.filter((kind) => kind === 'gain').length, judged.length);
        for (const { eliminated, gain } of judged) assert.equal(gain, eliminated === null);
      });

      it('evolves an origin anew from its last good text', () => {
        for (const { origin, variant, text, eliminated } of made) {
          if (variant === 0 || eliminated !== null) continue;
          const before = made.filter(
            (one) => one.origin === origin && one.variant < variant && one.eliminated === null,
          );
          assert.ok(text.startsWith(before.at(-1)?.text ?? 'none'), `${origin} ${variant}`);
        }
      });

      it('ranks origins with fewer survivors too, and says how many they have', () => {
        const ranked = made.filter(({ unranked }) => unranked === null);
        assert.ok(ranked.some(({ survivors }) => survivors === 1));
        for (const { score, eliminated } of ranked) assert.equal(score === null, eliminated !== null);
        for (const { origin, survivors, unranked } of made) {
          const kept = made.filter(
            (one) => one.origin === origin && one.variant > 0 && one.eliminated === null,
          );
          assert.equal(survivors, kept.length);
          assert.equal(unranked, survivors === 0 ? 'no-survivors' : null);
        }
      });
    });
  }

  it('counts origins of which nothing is left, and ranks none of them', async () => {
    const runId = await finished('no survivor', { aspect: 'quality', rounds: 2 });
    await assertAddsUp(runId);
    const { ranked, unranked, survivors, preferencePairs } = await report(runId);
    assert.deepEqual([ranked, unranked, survivors, preferencePairs], [0, { 'no-survivors': 8 }, [8], 0]);
    assert.equal(harness.requestsFor('no survivor').length, 16);
  });

  it('asks once more for a ranking that leaves out a text', async () => {
    const runId = await finished('rankings repaired', { aspect: 'complexity', rounds: 1 }, { rows: 12 });
    await assertAddsUp(runId);
    const { calls } = await readStatus(harness.store, runId);
    assert.ok(calls.repaired > 0, 'none was repaired');
    const { ranked, unranked } = await report(runId);
    assert.equal(ranked + (unranked.unparsable ?? 0), 12);
  });

  it('leaves an origin without scores when its ranking cannot be read', async () => {
    const runId = await finished('rankings unreadable', { aspect: 'quality', rounds: 1 });
    await assertAddsUp(runId);
    const { calls } = await readStatus(harness.store, runId);
    assert.equal(calls.failed.unparsable, 8);
    assert.deepEqual((await report(runId)).unranked, { unparsable: 8 });
    const dataset = await readStatus(harness.store, runId);
    assert.equal(dataset.state, 'finished');
  });

  it('comes to the same bytes when its worker is stopped and started again', async () => {
    const evolve = { aspect: 'quality', rounds: 2 };
    const options = { teacher: { reuse: 'run', concurrency: 2 } };
    const first = await finished('restarted', evolve, options);
    const asked = () => harness.requestsFor('restarted').length;
    const before = asked();
    const second = await start('restarted', evolve, options);
    for (const more of [3, 12, before - 4]) {
      await until(() => asked() >= before + more);
      await harness.stopWorkers();
      await harness.startWorkers();
    }
    await harness.result(second);
    await assertAddsUp(second);
    for (const name of ['variants.jsonl', 'dpo.jsonl', 'scorer-pairs.jsonl', 'train.jsonl', 'lineage.jsonl'])
      assert.equal(await comparable(harness, second, name), await comparable(harness, first, name), name);
  });

  it('exports what it has when it is cancelled, not ranked', async () => {
    const runId = await start('cancelled', { aspect: 'quality', rounds: 2 }, { teacher: { concurrency: 2 } });
    const asked = () => harness.requestsFor('cancelled').length;
    await until(() => asked() >= 16);
    slow.add('cancelled');
    await until(() => asked() >= 20);
    await harness.cancel(runId);
    const { state } = await harness.result(runId);
    assert.equal(state, 'cancelled');
    await assertAddsUp(runId);
    const made = await variants(runId);
    assert.equal(made.filter(({ variant }) => variant === 1).length, 8);
    for (const { unranked, score } of made) assert.deepEqual([unranked, score], ['cancelled', null]);
    assert.equal((await report(runId)).ranked, 0);
  });

  it('pauses when the scorer cannot be trained, and trains it once that is mended', async () => {
    const runId = await start('scorer', { aspect: 'complexity', rounds: 1, trainScorer: {} });
    const { settings } = await harness.untilPaused(runId);
    assert.match(settings.paused?.reason ?? '', /the disk is full/);
    await harness.resume(runId);
    await harness.result(runId);
    await assertAddsUp(runId);
    const { scorer } = await report(runId);
    assert.deepEqual(scorer?.pairs, { trained: 15, heldOut: 1, tooLong: 0 });
    for (const name of ['adapter_model.safetensors', 'adapter_config.json'])
      assert.ok(await harness.store.read(runFiles(runId).dataset(`scorer/${name}`)), name);
    await harness.store.write(runFiles(runId).dataset('scorer/adapter_model.safetensors'), 'other');
    const { problems } = await verifyRun(harness.store, runId);
    assert.deepEqual(problems, ['scorer/adapter_model.safetensors is not what was trained']);
  });

  it('is found out when what it has exported was changed', async () => {
    const runId = await finished('changed', { aspect: 'quality', rounds: 1 }, { rows: 2 });
    const file = runFiles(runId).dataset('dpo.jsonl');
    await harness.store.write(file, String(await harness.store.read(file)).replace('helps', 'hurts'));
    const { problems } = await verifyRun(harness.store, runId);
    assert.deepEqual(problems, ['1 rows of dpo.jsonl are not what was ranked']);
  });
});

function asRequest(body: Record<string, unknown>): Parameters<typeof kindOf>[0] {
  return { prompt: '', messages: body.messages as { role: string; content: string }[] };
}

/** Everything but the run's name and what it cost. */
async function comparable({ store }: RunHarness, runId: string, name: string): Promise<string> {
  const kept = (key: string, value: unknown) => (key === 'run' || key === 'costUsd' ? undefined : value);
  const text = String(await store.read(runFiles(runId).dataset(name)));
  return rows(text)
    .map((row) => JSON.stringify(row, kept))
    .join('\n');
}
