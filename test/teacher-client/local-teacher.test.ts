import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { createTeacherClient } from '../../activities/teacher-client/client.js';
import { sendPrompt } from '../../activities/teacher-client/send-prompt.js';
import type { PromptBody } from '../../methods/prompt.js';
import { packageRoot } from '../../workers/folders.js';
import { preparePython } from '../../workers/python-environment.js';
import { sampling } from './endpoint.js';

/** llama.cpp with the bundled model. */
async function startLocalTeacher() {
  const { python } = await preparePython({ sets: ['model', 'teacher'], say: () => {} });
  const script = path.join(packageRoot, 'models', 'teacher', 'serve.py');
  const child = execa(python, [script, '--bundled', '--context', '512'], { buffer: false, reject: false });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, baseUrl: JSON.parse(line).ready as string };
}

describe('the local teacher', function () {
  // The first time, Python packages are installed.
  this.timeout(900_000);
  let local: Awaited<ReturnType<typeof startLocalTeacher>>;

  before(async () => {
    local = await startLocalTeacher();
  });
  after(async () => {
    local.child.kill('SIGTERM');
    await local.child;
  });

  const question = 'How good is this answer, from 1 to 6?';
  const bodies: PromptBody[] = [
    { form: 'completion', prompt: `${question} Score:`, topLogprobs: 20 },
    { form: 'chat', messages: [{ role: 'user', content: question }], schema: null, topLogprobs: 20 },
  ];
  for (const body of bodies) {
    it(`says what the first token of a ${body.form} might have been`, async () => {
      const client = createTeacherClient({ baseUrl: local.baseUrl, apiKeyEnv: null, timeoutMs: 120_000 });
      const sent = await sendPrompt({
        client,
        model: 'smollm2-135m',
        body,
        sampling: { ...sampling, temperature: 0, topP: 1, maxTokens: 1 },
        seed: 7,
        clientRequestId: 'id-1',
        call: 'wf/1',
        attempt: 1,
        signal: new AbortController().signal,
      });
      assert.ok(sent.kind === 'answer');
      const { text, kind, firstToken = [] } = sent.answer;
      assert.deepEqual([kind, firstToken.length, firstToken[0]?.token], ['truncated', 20, text]);
      const mass = firstToken.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
      assert.ok(mass > 0.2 && mass <= 1 + 1e-6, `${mass}`);
    });
  }
});
