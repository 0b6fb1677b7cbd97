import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { runFiles } from '../../activities/run-files.js';
import { conclude } from '../../client/commands/conclude.js';
import { example } from '../../client/commands/example.js';
import { exportDataset } from '../../client/commands/export.js';
import { list } from '../../client/commands/show.js';
import { status } from '../../client/commands/status.js';
import { verify } from '../../client/commands/verify.js';
import type { Context } from '../../client/context.js';
import { readStatus } from '../../client/status.js';
import { forTerminal } from '../../client/terminal.js';
import { fitScreen } from '../../client/watch/fit-screen.js';
import { plainLines, viewLines } from '../../client/watch/view.js';
import { Watcher } from '../../client/watch/watcher.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { loopId } from '../../workflows/ids.js';
import { pauseUpdate, reviewUpdate } from '../../workflows/messages.js';
import {
  assertInertInTerminal,
  assertInertMarkdown,
  hostileList,
  hostileText,
  hostileTexts,
} from '../hostile.js';
import { errorBody, type ScriptRequest } from '../openai-server.js';
import { RunHarness, until } from '../run-harness.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';

/** Eight tasks, each with a hostile text in every field. */
function tasks({ seed, hash }: ScriptRequest): string {
  const first = Number.parseInt(hash.slice(0, 6), 16) + (seed ?? 0);
  const at = (n: number) => hostileList[(first + n) % hostileList.length] as string;
  return JSON.stringify({
    tasks: Array.from({ length: 8 }, (_, n) => ({
      instruction: `Say of ${first + n} in a few words what becomes of ${at(n)}`,
      input: at(n + 1),
      output: `Answer ${first + n}: ${at(n + 2)} and so on.`,
    })),
  });
}

const seeds = testSeeds().map((seed, n) => ({
  ...seed,
  instruction: `${seed.instruction} ${hostileList[n]}`,
  licence: hostileList[n + 1] as string,
  source: hostileList[n + 2] as string,
}));

describe('a run in which everybody writes hostile texts', () => {
  const folder = temporaryFolder();
  let harness: RunHarness;
  let runId: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script: (asked) => ({ text: tasks(asked) }) } });
    // The first request fails for a while, the second for good, and both say why.
    harness.teacher.fault = (_, { index, repeat }) => {
      if (index === 1) return { status: 400, body: errorBody(hostileText('refused'), hostileText('code')) };
      return index === 0 || repeat > 0
        ? {
            status: 503,
            headers: { 'x-request-id': 'hostile' },
            body: errorBody(hostileText('overload'), null),
          }
        : undefined;
    };
    runId = await harness.startRun(
      {
        name: 'hostile',
        target: 40,
        stop: { maxRounds: 1 },
        teacher: { form: 'chat', model: hostileText('model') },
        generation: { prompts: 'one-call', answers: undefined, callsPerRound: 8, domain: hostileTexts.link },
      },
      { seeds },
    );
  });
  after(() => harness.stop());

  /** What a command says, line by line. */
  async function said(command: (context: Context) => Promise<number>): Promise<string> {
    const lines: string[] = [];
    const port = process.env.SEEDMILL_TEMPORAL_PORT;
    process.env.SEEDMILL_TEMPORAL_PORT = harness.target.address.split(':')[1];
    try {
      const say = (line: string) => void lines.push(line);
      const { url } = harness.store;
      await command({ say, json: false, verbose: false, stateDir: folder(), storeUrl: url });
    } finally {
      if (port === undefined) delete process.env.SEEDMILL_TEMPORAL_PORT;
      else process.env.SEEDMILL_TEMPORAL_PORT = port;
    }
    for (const line of lines) assertInertInTerminal(line, line.slice(0, 40), { colours: true });
    return lines.join('\n');
  }

  it('shows what a provider said, in status, watch and the log of a terminal, without acting', async () => {
    const watcher = new Watcher({ store: harness.store, runId });
    const sight = await until(async () => {
      const seen = await watcher.look(harness.client);
      return seen.problems.some((problem) => /overload/.test(problem)) && seen;
    });
    assert.ok(sight.problems.some((problem) => /overload.*hostile/.test(problem)));
    for (const { text } of viewLines(sight)) assertInertInTerminal(text, 'watch', { colours: true });
    for (const line of fitScreen(viewLines(sight), { columns: 60, rows: 12 }))
      assertInertInTerminal(line, 'watch', { colours: true });
    for (const line of plainLines(sight)) assertInertInTerminal(line, 'watch', { colours: true });
    harness.teacher.fault = () => undefined;
  });

  it('shows who paused it and why, without acting', async () => {
    const [by, reason] = [hostileText('ann'), hostileText('lunch')];
    await harness.handle(runId).executeUpdate(pauseUpdate, { args: [{ by, reason }] });
    assert.match(await said((context) => status(context, runId)), /paused by ann .*hostile/);
    await until(async () => /paused by ann .*hostile/.test(await said(list)));
    await assertUiIsInert(runId);
    await harness.resume(runId);
  });

  it('ends, adds up, and has hostile texts in its examples', async () => {
    const settled = async () => {
      const { settings, state } = await harness.status(runId);
      assert.equal(settings.paused, null);
      return state === 'finished';
    };
    await until(settled);
    assert.match(await said((context) => verify(context, runId)), /everything adds up/);
    assert.match(await said((context) => status(context, runId)), /finished/);
    const end = await readStatus(harness.store, runId);
    await said(async (context) => conclude(context, end));
    await assertUiIsInert(runId);
  });

  it('shows each example, its lineage and its calls without acting', async () => {
    const lineage = await readJsonlAt<{ id: string }>(
      harness.store,
      runFiles(runId).dataset('lineage.jsonl'),
    );
    assert.ok(lineage.length >= 5, `${lineage.length}`);
    const shown: string[] = [];
    for (const { id } of lineage)
      shown.push(await said((context) => example(context, { run: runId, example: id, calls: true })));
    assert.match(shown.join(''), /hostile/);
  });

  it('is exported with a card that does nothing', async () => {
    const out = path.join(folder(), 'card');
    await said((context) => exportDataset(context, runId, { format: 'huggingface', out }));
    const [, head = '', body = ''] = (await readFile(path.join(out, 'README.md'), 'utf8')).split(/^---\n/m);
    assert.match(body, /hostile/);
    assertInertInTerminal(head, 'card');
    assert.doesNotMatch(head, /^(?:license|tags): .*hostile$/m);
    assertInertMarkdown(body, 'card');
  });

  it('shows who reviewed a round, without acting', async () => {
    const reviewed = await harness.startRun(
      {
        target: 40,
        stop: { maxRounds: 1 },
        teacher: { form: 'chat' },
        generation: { prompts: 'one-call', answers: undefined, callsPerRound: 8 },
        review: {},
      },
      { seeds },
    );
    await until(async () => {
      const { state, review } = await harness.status(reviewed);
      assert.notEqual(state, 'finished', 'nothing was accepted');
      return review !== null;
    });
    const review = {
      by: hostileTexts.link,
      round: 1,
      decision: 'approve' as const,
      note: hostileText('why'),
    };
    await harness.handle(reviewed).executeUpdate(reviewUpdate, { args: [{ ...review, verdicts: null }] });
    await harness.result(reviewed);
    await assertUiIsInert(reviewed);
  });

  it('is told of without acting when a command fails', async () => {
    const text = hostileText('run');
    for (const command of [status, verify])
      await assert.rejects(
        said((context) => command(context, text)),
        (error: Error) => {
          assertInertInTerminal(forTerminal(error.message), 'error', { colours: true });
          return true;
        },
      );
  });

  /** Details, summaries and failures of the run, its loop and its shards, as the Temporal UI renders them. */
  async function assertUiIsInert(runId: string): Promise<void> {
    const ids = new Set([runId, loopId(runId)]);
    for (const id of ids) {
      const handle = harness.client.workflow.getHandle(id);
      const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      assertInertMarkdown(JSON.parse(JSON.stringify(metadata)).currentDetails ?? '', `details of ${id}`);
      const { events } = await handle.fetchHistory();
      for (const event of events ?? []) {
        const summary = event.userMetadata?.summary;
        if (summary) assertInertMarkdown(defaultPayloadConverter.fromPayload<string>(summary), 'summary');
        const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId;
        if (child) ids.add(child);
      }
    }
    assert.ok(ids.size > 2);
  }
});
