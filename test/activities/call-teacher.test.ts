import assert from 'node:assert/strict';
import { CallTeacher } from '../../activities/call-teacher.js';
import { TeacherClients } from '../../activities/teacher-client/clients.js';
import { temporaryFolder } from '../temporary-folder.js';
import { plannedCalls } from './planned-calls.js';

describe('calling a teacher', () => {
  const folder = temporaryFolder();

  it('costs nothing of what was reserved where the worker has no key', async () => {
    const teacher = { baseUrl: 'https://teacher.invalid/v1', apiKeyEnv: 'SEEDMILL_TEST_API_KEY' };
    const { run, worker } = await plannedCalls({ folder: folder(), teacher, calls: 1 });
    const reserved = { calls: 3, tokens: 9_000, usd: null };
    const input = { run, round: 1, phase: 'tasks', shard: 0, callIndex: 0, place: 0, reserved } as const;
    const at = { activity: 'wf/1', attempt: 1, signal: new AbortController().signal };
    await assert.rejects(new CallTeacher(worker(), new TeacherClients()).call(input, at), {
      type: 'ProviderAccess',
      details: [{ calls: 0, tokens: 0, usd: 0 }],
    });
  });
});
