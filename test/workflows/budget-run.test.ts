import assert from 'node:assert/strict';
import type { Budget } from '../../activities/types.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import type { Fault, ScriptRequest } from '../openai-server.js';
import { price, type RecipeChanges, RunHarness } from '../run-harness.js';
import { scriptedTeacher } from '../scripted-teacher.js';

/** More than any of these runs needs. */
const plenty = 5_000;
const short = { maxTokens: { instructions: 300, answers: 120 } };
const small = { target: 40, signal: 'none', generation: short };

interface Case {
  recipe: RecipeChanges;
  budget: Partial<Budget>;
  fault?(request: ScriptRequest, repeat: number): Fault | undefined;
  /** With a resent request nobody can say whether the first one was paid for. */
  resends?: boolean;
}

/** A run's model is named like its case. */
const cases: Record<string, Case> = {
  dollars: { recipe: small, budget: { usd: 0.0016 } },
  calls: { recipe: { ...small, teacher: { freshSamples: 0 } }, budget: { calls: 24 } },
  tokens: { recipe: small, budget: { tokens: 5_000 } },
  'several limits': { recipe: small, budget: { usd: 1, calls: plenty, tokens: 4_000 } },
  'answers that break off': {
    recipe: small,
    budget: { calls: 24 },
    fault: ({ hash }, repeat) => (repeat === 0 && hash < '8' ? { reset: 'middle' } : undefined),
    resends: true,
  },
  'answers that come too late': {
    recipe: { ...small, teacher: { timeoutMs: 400 } },
    budget: { usd: 0.002 },
    fault: ({ hash }, repeat) => (repeat === 0 && hash < '4' ? { delayMs: 700 } : undefined),
    resends: true,
  },
  'requests that are turned away': {
    recipe: small,
    budget: { calls: 20 },
    fault: ({ hash }, repeat) => (repeat < 1 && hash < '8' ? { status: 503 } : undefined),
    resends: true,
  },
  'repairs and fresh samples': {
    recipe: {
      ...small,
      target: 100,
      teacher: { form: 'chat', freshSamples: 2 },
      generation: { prompts: 'one-call', answers: 'classify', callsPerRound: 8 },
    },
    budget: { calls: 14 },
  },
};

describe('a run whose budget ends', () => {
  let harness: RunHarness;
  const runIds = new Map<string, string>();

  before(async function () {
    this.timeout(0);
    const unreadable = scriptedTeacher({ unreadable: 0.5 });
    const usual = scriptedTeacher();
    harness = await RunHarness.start({
      teacher: {
        script: (request) => (request.model.startsWith('repairs') ? unreadable : usual)(request),
        fault: (request, { repeat }) => cases[request.model]?.fault?.(request, repeat),
      },
    });
    for (const [model, { recipe, budget }] of Object.entries(cases)) {
      const teacher = { model, concurrency: 3, ...(recipe.teacher as object | undefined) };
      runIds.set(model, await harness.startRun({ ...recipe, budget, teacher }));
    }
  });
  after(() => harness.stop());

  const billed = (model: string) => harness.requestsFor(model).filter((request) => request.billed !== null);

  function billOf(model: string): { usd: number; calls: number; tokens: number } {
    const usages = billed(model).map(({ billed }) => ({ cachedPromptTokens: 0, ...billed }));
    return {
      usd: sumUsd(usages.map((usage) => costUsd(usage as Parameters<typeof costUsd>[0], price) as number)),
      calls: usages.length,
      tokens: usages.reduce(
        (sum, usage) => sum + (usage.promptTokens ?? 0) + (usage.completionTokens ?? 0),
        0,
      ),
    };
  }

  function assertWithin(model: string, budget: Partial<Budget>): void {
    const bill = billOf(model);
    for (const key of ['usd', 'calls', 'tokens'] as const) {
      const limit = budget[key];
      if (limit != null) assert.ok(bill[key] <= limit, `${key}: ${bill[key]} billed, ${limit} allowed`);
    }
  }

  for (const [model, { budget }] of Object.entries(cases)) {
    describe(`(${model})`, () => {
      const runId = () => runIds.get(model) as string;

      it('pauses and says so, with no bill beyond it', async () => {
        const { settings } = await harness.untilPaused(runId());
        assert.equal(settings.paused?.by, 'budget');
        assert.match(settings.paused?.reason ?? '', / are spent, and the next call may need /);
        assertWithin(model, budget);
        assert.ok(billed(model).length > 3, 'a part of it was used');
      });

      it('shows what is spent, unknown bills at their highest', async () => {
        const { budget: shown } = await readStatus(harness.store, runId());
        for (const key of ['usd', 'calls', 'tokens'] as const) {
          const limit = budget[key];
          if (limit == null) continue;
          assert.equal(shown.limits[key], limit);
          const spent = shown.spent[key] as number;
          assert.ok(billOf(model)[key] <= spent + 1e-9 && spent <= limit + 1e-9, `${key}: ${spent}`);
        }
      });

      it('pauses again when it is resumed as it is', async () => {
        const before = await harness.status(runId());
        const asked = harness.requestsFor(model).length;
        await harness.resume(runId());
        const { settings } = await harness.untilPaused(runId());
        assert.equal(settings.paused?.by, 'budget');
        assert.ok(settings.version > before.settings.version);
        assert.equal(harness.requestsFor(model).length, asked);
      });
    });
  }

  describe('once it is raised', () => {
    before(async function () {
      this.timeout(0);
      for (const [model, { budget }] of Object.entries(cases)) {
        await harness.untilPaused(runIds.get(model) as string);
        const raised = Object.keys(budget).map((key) => [key, key === 'usd' ? 1 : plenty * 1_000]);
        await harness.setBudget(runIds.get(model) as string, Object.fromEntries(raised));
      }
      await Promise.all([...runIds.values()].map((runId) => harness.result(runId)));
    });

    for (const [model, { resends }] of Object.entries(cases)) {
      it(`goes on and ends as it would have without (${model})`, async () => {
        const runId = runIds.get(model) as string;
        const { stopReason, calls } = await readStatus(harness.store, runId);
        assert.equal(stopReason, 'target reached');
        assert.equal(calls.failed.cancelled, undefined);
        assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
        const repeated = harness.requestsFor(model).filter(({ repeat }) => repeat > 0);
        if (!resends) assert.deepEqual(repeated, []);
      });
    }
  });
});
