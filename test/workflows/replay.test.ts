import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.js';
import '../quiet-temporal.js';

type History = proto.temporal.api.history.v1.History;
type Events = proto.temporal.api.history.v1.IHistoryEvent[];

/** Saved by `test/histories/record.ts`, each for something that a change of the code easily breaks. */
const histories: Record<string, { what: string; isIn(events: Events): boolean }> = {
  'recipe-run-paused-and-resumed': {
    what: 'two updates',
    isIn: (events) =>
      events.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length === 2,
  },
  'generate-loop-first-round': {
    what: 'a continue-as-new',
    isIn: (events) => events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes != null,
  },
  'call-shard-with-a-retried-call': {
    what: 'a second attempt',
    isIn: (events) => events.some((event) => event.activityTaskStartedEventAttributes?.attempt === 2),
  },
  'call-batch-that-expired': {
    what: 'a second file',
    isIn: (events) => {
      const scheduled = events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      return scheduled.filter((name) => name === 'collectBatch').length === 2;
    },
  },
  'skillmix-loop-extraction': {
    what: 'a continue-as-new',
    isIn: (events) => events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes != null,
  },
  'skillmix-loop-last-round': {
    what: 'seven kinds of calls',
    isIn: (events) => {
      const scheduled = events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      return scheduled.filter((name) => name === 'planCalls').length === 7;
    },
  },
  'evolve-loop-first-round': {
    what: 'a continue-as-new',
    isIn: (events) => events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes != null,
  },
  'evolve-loop-last-round': {
    what: 'a scorer that is trained',
    isIn: (events) => {
      const scheduled = events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      return scheduled.includes('trainScorer') && scheduled.includes('keepScorer');
    },
  },
  'recipe-run-reviewed': {
    what: 'a time that was over before somebody came',
    isIn: (events) =>
      events.some((event) => event.timerFiredEventAttributes) &&
      events.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes),
  },
  'generate-loop-reviewed': {
    what: 'a round that is decided twice',
    isIn: (events) => {
      const scheduled = events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      return (
        scheduled.includes('keepReview') &&
        scheduled.filter((name) => name === 'decideCandidates').length === 2
      );
    },
  },
};

describe('the workflows replay what earlier versions began', () => {
  let code: string;

  before(async function () {
    this.timeout(0);
    code = (await loadWorkflowBundle()).code;
  });

  for (const [name, { what, isIn }] of Object.entries(histories)) {
    it(`${name}, with ${what}`, async () => {
      const history = await read(name);
      assert.ok(isIn(history.events), `the history has no ${what}`);
      await Worker.runReplayHistory({ workflowBundle: { code } }, history, name);
    });
  }
});

async function read(name: string): Promise<History> {
  const json = await readFile(new URL(`../histories/${name}.json`, import.meta.url), 'utf8');
  return proto.temporal.api.history.v1.History.fromObject(JSON.parse(json));
}
