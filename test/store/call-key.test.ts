import assert from 'node:assert/strict';
import type { PromptBody } from '../../methods/prompt.js';
import { type CallKeyParts, callKey, teacherIdentity } from '../../store/call-key.js';

const parts: CallKeyParts = {
  teacher: 'url:http://127.0.0.1/v1',
  model: 'm',
  body: { form: 'chat', messages: [{ role: 'user', content: 'Hi' }], schema: null },
  sampling: {
    temperature: 0.7,
    topP: 0.5,
    presencePenalty: 2,
    frequencyPenalty: 0,
    maxTokens: 64,
    stop: ['\n'],
  },
  sample: { runSeed: 1, nth: 0, fresh: 0 },
  scope: { reuse: 'project' },
};

describe('call key', () => {
  it('never changes: stored answers would be paid for again', () => {
    assert.deepEqual(callKey(parts), {
      key: 'f6c3ea7353c78ba18cc2cbbd77e7f38486c8d4309b256ce895773cbb294cfeda',
      seed: 1284682955,
    });
  });

  it('never changes for answers with logprobs either', () => {
    const chat = { ...parts.body, topLogprobs: 20 } as PromptBody;
    assert.deepEqual(callKey({ ...parts, body: chat }), {
      key: '9bd57db4ebcc8951289b6926139b4f6893300b2dd90cf409bbf05e1d8f5efb56',
      seed: 1030465024,
    });
    const completion: PromptBody = { form: 'completion', prompt: 'Hi', topLogprobs: 20 };
    assert.deepEqual(callKey({ ...parts, body: completion }), {
      key: 'a425ebeb496bef007134313fd2004e844d304568f57b2e048746906f87138c68',
      seed: 918724896,
    });
  });

  it('does not depend on the order in which objects were built', () => {
    const { sampling } = parts;
    const reversed = Object.fromEntries(Object.entries(sampling).reverse()) as unknown as typeof sampling;
    assert.equal(callKey({ ...parts, sampling: reversed }).key, callKey(parts).key);
  });

  it('does not depend on fields that it does not know', () => {
    const more = { ...parts, sampling: { ...parts.sampling, note: 'x' } };
    assert.equal(callKey(more).key, callKey(parts).key);
  });

  const others: Record<string, CallKeyParts> = {
    teacher: { ...parts, teacher: 'id:other' },
    model: { ...parts, model: 'n' },
    text: { ...parts, body: { form: 'chat', messages: [{ role: 'user', content: 'Ho' }], schema: null } },
    role: { ...parts, body: { form: 'chat', messages: [{ role: 'system', content: 'Hi' }], schema: null } },
    form: { ...parts, body: { form: 'completion', prompt: 'Hi' } },
    logprobs: {
      ...parts,
      body: { form: 'chat', messages: [{ role: 'user', content: 'Hi' }], schema: null, topLogprobs: 20 },
    },
    schema: {
      ...parts,
      body: {
        form: 'chat',
        messages: [{ role: 'user', content: 'Hi' }],
        schema: { name: 's', schema: { type: 'object' } },
      },
    },
    temperature: { ...parts, sampling: { ...parts.sampling, temperature: 0.8 } },
    topP: { ...parts, sampling: { ...parts.sampling, topP: 0.6 } },
    presencePenalty: { ...parts, sampling: { ...parts.sampling, presencePenalty: 1 } },
    frequencyPenalty: { ...parts, sampling: { ...parts.sampling, frequencyPenalty: 1 } },
    maxTokens: { ...parts, sampling: { ...parts.sampling, maxTokens: 65 } },
    stop: { ...parts, sampling: { ...parts.sampling, stop: [] } },
    'run seed': { ...parts, sample: { runSeed: 2, nth: 0, fresh: 0 } },
    repeat: { ...parts, sample: { runSeed: 1, nth: 1, fresh: 0 } },
    'fresh sample': { ...parts, sample: { runSeed: 1, nth: 0, fresh: 1 } },
    'reuse within a run': { ...parts, scope: { reuse: 'run', runId: 'a' } },
    'no reuse': { ...parts, scope: { reuse: 'off', runId: 'a', round: 1, phase: 'tasks', callIndex: 0 } },
  };
  for (const [what, other] of Object.entries(others)) {
    it(`differs with another ${what}`, () => assert.notEqual(callKey(other).key, callKey(parts).key));
  }

  it('of another run is another one when answers are reused within a run', () => {
    const inRun = (runId: string) => callKey({ ...parts, scope: { reuse: 'run', runId } }).key;
    assert.notEqual(inRun('a'), inRun('b'));
  });

  it('is found again by another attempt at the same call when nothing is reused', () => {
    const scope = { reuse: 'off', runId: 'a', round: 1, phase: 'tasks', callIndex: 7 } as const;
    assert.equal(callKey({ ...parts, scope }).key, callKey({ ...parts, scope: { ...scope } }).key);
  });

  it('asks for the same sample, whoever may find the answer again', () => {
    assert.equal(callKey({ ...parts, scope: { reuse: 'run', runId: 'a' } }).seed, callKey(parts).seed);
  });

  it('asks for another sample after a bad answer', () => {
    const fresh = callKey({ ...parts, sample: { ...parts.sample, fresh: 1 } });
    assert.notEqual(fresh.seed, callKey(parts).seed);
  });
});

describe('call key of vectors', () => {
  const vectors: CallKeyParts = { ...parts, body: { form: 'embedding', input: ['a', 'b'] } };

  it('never changes: stored vectors would be paid for again', () => {
    assert.equal(callKey(vectors).key, '8ea3568331dbdd78288bf36ec987d9b42071d29d90036f4edcbbc2ba9464ee50');
  });

  it('is the same for any sample: the same texts have the same vectors', () => {
    const sampling = { ...parts.sampling, temperature: 0, maxTokens: 1 };
    const sample = { runSeed: 7, nth: 3, fresh: 0 };
    assert.equal(callKey({ ...vectors, sampling, sample }).key, callKey(vectors).key);
  });

  const others: Record<string, CallKeyParts> = {
    'another teacher': { ...vectors, teacher: 'id:other' },
    'another model': { ...vectors, model: 'n' },
    'another text': { ...vectors, body: { form: 'embedding', input: ['a', 'c'] } },
    'another order': { ...vectors, body: { form: 'embedding', input: ['b', 'a'] } },
    'a bad answer before': { ...vectors, sample: { ...parts.sample, fresh: 1 } },
    'reuse within a run': { ...vectors, scope: { reuse: 'run', runId: 'a' } },
  };
  for (const [what, other] of Object.entries(others)) {
    it(`differs with ${what}`, () => assert.notEqual(callKey(other).key, callKey(vectors).key));
  }
});

describe('teacher identity', () => {
  it('is what the recipe says, before all else', () => {
    assert.equal(teacherIdentity({ id: 'x', baseUrl: 'https://a.example/v1', ggufSha256: 'ab' }), 'id:x');
  });

  it('is the model file of a local teacher', () => {
    assert.equal(teacherIdentity({ baseUrl: 'http://127.0.0.1:1/v1', ggufSha256: 'ab' }), 'gguf:ab');
  });

  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '[::1]']) {
    it(`leaves the port of ${host} out, which another start changes`, () => {
      assert.equal(teacherIdentity({ baseUrl: `http://${host}:8123/v1` }), `url:http://${host}/v1`);
    });
  }

  it("keeps another machine's port", () => {
    assert.equal(teacherIdentity({ baseUrl: 'http://10.0.0.5:8000/v1' }), 'url:http://10.0.0.5:8000/v1');
  });

  it('does not depend on a slash at the end', () => {
    assert.equal(teacherIdentity({ baseUrl: 'https://a.example/v1/' }), 'url:https://a.example/v1');
  });

  it('holds no credentials', () => {
    assert.equal(teacherIdentity({ baseUrl: 'https://u:p@a.example/v1' }), 'url:https://a.example/v1');
  });
});
