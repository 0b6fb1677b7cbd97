import assert from 'node:assert/strict';
import { CallTeacher } from '../../activities/call-teacher.js';
import { closeShard } from '../../activities/close-shard.js';
import { countRound } from '../../activities/count-round.js';
import { roundFiles } from '../../activities/run-files.js';
import { TeacherClients } from '../../activities/teacher-client/clients.js';
import type { Progress } from '../../activities/types.js';
import { liveCounts } from '../../client/live-counts.js';
import { recordRows, readAttempts } from '../../store/ledger.js';
import { noCounts } from '../../workflows/counts.js';
import { plannedCalls } from '../activities/planned-calls.js';
import { OpenAiServer } from '../openai-server.js';
import { temporaryFolder } from '../temporary-folder.js';

const phase = 'tasks';

describe('counts of a round while its calls are made', () => {
  const folder = temporaryFolder();
  let server: OpenAiServer;
  before(async () => {
    server = await OpenAiServer.start({
      script: ({ seed }) => ({ text: seed === null ? 'no JSON' : '{"tasks": []}' }),
    });
  });
  after(() => server.stop());

  it('follow the ledger of an open shard, and of a closed one are what all its rows come to', async () => {
    const { run, store, count, worker } = await plannedCalls({
      folder: folder(),
      teacher: { baseUrl: server.baseUrl, reuse: 'run', freshSamples: 0, repair: false },
      calls: 6,
    });
    const { runId } = run;
    const deps = worker();
    const teacher = new CallTeacher(deps, new TeacherClients());
    const call = (callIndex: number) =>
      teacher.call(
        { run, round: 1, phase, shard: 0, callIndex, place: 0 },
        { activity: `wf/${callIndex}`, attempt: 1, signal: new AbortController().signal },
      );
    const at = { schemaVersion: 1, runId, at: '', round: 1, step: '', target: 6 } as const;
    const progress: Progress = { ...at, phase, before: noCounts(), current: noCounts(), rounds: [] };
    const live = () => liveCounts(store, runId, progress);
    const whole = () => countRound(store, { runId, round: 1 });

    for (const callIndex of [0, 1, 2]) await call(callIndex);
    const open = await live();
    assert.deepEqual([open.calls.planned, open.attempts.sent], [6, 3]);
    assert.deepEqual({ ...open, calls: null }, { ...(await whole()), calls: null });

    for (const callIndex of [3, 4, 5]) await call(callIndex);
    const shard = { run, round: 1, phase, shard: 0, from: 0, to: count, failed: [], standIns: [] } as const;
    await closeShard(deps, { ...shard, failed: [], standIns: [] });
    assert.deepEqual(await live(), await whole());

    // An answer after its time: its rows lie in the log of a shard that has closed.
    const { ledger } = roundFiles(runId, 1).phase(phase);
    const [one] = await readAttempts(store, ledger(0));
    assert.ok(one?.outcome);
    const late = { attemptId: 'late' };
    const rows = [
      { ...one.intent, ...late },
      { ...one.outcome, ...late },
    ];
    await recordRows({ store, ledger: ledger(0), writer: 'late', rows });
    assert.equal((await live()).attempts.sent, 7);
    assert.deepEqual(await live(), await whole());
  });
});
