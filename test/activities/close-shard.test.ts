import assert from 'node:assert/strict';
import { CallTeacher, type TeacherCallDeps } from '../../activities/call-teacher.js';
import { closeShard } from '../../activities/close-shard.js';
import type { CallRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import { TeacherClients } from '../../activities/teacher-client/clients.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { OpenAiServer, type ScriptAnswer } from '../openai-server.js';
import { temporaryFolder } from '../temporary-folder.js';
import { plannedCalls } from './planned-calls.js';

const phase = 'tasks';

describe('closing a shard', () => {
  const folder = temporaryFolder();
  let server: OpenAiServer | undefined;
  afterEach(async () => {
    await server?.stop();
  });

  for (const reuse of ['run', 'project', 'off']) {
    it(`writes the same rows from memory as from the store (reuse: ${reuse})`, async () => {
      const good = JSON.stringify({
        tasks: [{ instruction: 'Name a river in Europe.', input: '', output: 'Rhine' }],
      });
      const answers: ScriptAnswer[] = [
        { text: good },
        { text: 'no JSON' },
        { text: good.slice(0, -1) },
        { text: good, finishReason: 'length' },
        { text: '', refusal: 'No.' },
      ];
      let asked = 0;
      const script = () => answers[asked++ % answers.length] as ScriptAnswer;
      server = await OpenAiServer.start({ script });
      const { run, store, count, worker } = await plannedCalls({
        folder: folder(),
        teacher: { baseUrl: server.baseUrl, reuse },
        calls: 6,
      });
      const mine = worker();
      const teacher = new CallTeacher(mine, new TeacherClients());
      for (let callIndex = 0; callIndex < count; callIndex += 1) {
        const at = { activity: `wf/${callIndex}`, attempt: 1, signal: new AbortController().signal };
        await teacher.call({ run, round: 1, phase, shard: 0, callIndex, place: 0 }, at);
      }
      const shard = {
        run,
        round: 1,
        phase,
        shard: 0,
        from: 0,
        to: count,
        failed: [],
        standIns: [],
      } as const;
      const close = async (by: TeacherCallDeps) => {
        await closeShard(by, { ...shard, failed: [], standIns: [] });
        return await readJsonlAt<CallRow>(store, roundFiles(run.runId, 1).phase(phase).calls(0));
      };
      const fromStore = await close(worker());
      const fromMemory = await close(mine);
      const outcomes = fromStore.map(({ outcome, via }) => `${outcome} ${via}`);
      assert.ok(new Set(outcomes).size > 2, outcomes.join());
      assert.deepEqual(fromMemory, fromStore);
    });
  }
});
