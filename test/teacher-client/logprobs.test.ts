import assert from 'node:assert/strict';
import { askTeacher } from '../../activities/ask-teacher.js';
import { Parameters } from '../../activities/teacher-client/parameters.js';
import { requestBody } from '../../activities/teacher-client/request-body.js';
import type { PromptBody, TokenLogprob } from '../../methods/prompt.js';
import { ResponseStore } from '../../store/response-store.js';
import { FileStore } from '../../store/file-store.js';
import { logprobsUpTo } from '../openai-logprobs.js';
import { errorBody } from '../openai-server.js';
import { asking } from './asking.js';
import { chat, completion, endpoint, sampling } from './endpoint.js';

const firstToken: TokenLogprob[] = [
  { token: ' 4', logprob: -0.5 },
  { token: ' 5', logprob: -1.25 },
  { token: '4', logprob: -3 },
];
const script = () => ({ text: ' 4', firstToken });
const forms = {
  completion: { ...completion, topLogprobs: 20 },
  chat: { ...chat, topLogprobs: 20 },
} as { [Form in 'completion' | 'chat']: PromptBody & { form: Form } };
const counts = (body: Record<string, unknown> | undefined) => [body?.logprobs, body?.top_logprobs];

describe('asking for logprobs', () => {
  const at = endpoint();

  it('is asked as each endpoint words it', async () => {
    const server = await at.start({ script });
    await at.send({ body: forms.completion });
    await at.send({ body: forms.chat });
    assert.deepEqual(
      server.requests.map(({ body }) => counts(body)),
      [
        [20, undefined],
        [true, 20],
      ],
    );
  });

  it('is not asked when nobody wants them', async () => {
    const server = await at.start({ script });
    const sent = await at.send({ body: chat });
    assert.deepEqual(counts(server.requests[0]?.body), [undefined, undefined]);
    assert.ok(sent.kind === 'answer' && !('firstToken' in sent.answer));
  });

  for (const [form, body] of Object.entries(forms)) {
    it(`reads what the first token of a ${form} might have been`, async () => {
      await at.start({ script });
      const sent = await at.send({ body });
      assert.deepEqual(sent.kind === 'answer' && sent.answer.firstToken, firstToken);
    });
  }

  it('takes an answer without any for an answer', async () => {
    await at.start();
    const sent = await at.send({ body: forms.chat });
    assert.ok(sent.kind === 'answer');
    assert.deepEqual([sent.answer.text, sent.answer.firstToken], ['Hello.', undefined]);
  });
});

describe('logprobs that an endpoint refuses', () => {
  const at = endpoint();
  /** How many were asked for, request by request, until there was an answer or a refusal for good. */
  const asked = async (body: PromptBody) => {
    const all: unknown[] = [];
    for (let requests = 0; requests < 9; requests += 1) {
      const sent = await at.send({ body });
      all.push(sent.kind === 'error' ? sent.refusedParameter : 'answer');
      if (sent.kind !== 'error' || sent.refusedParameter === null) break;
    }
    return all;
  };

  for (const [form, body] of Object.entries(forms)) {
    it(`are fewer the next time: a ${form} with at most 5`, async () => {
      const server = await at.start({ script, fault: logprobsUpTo(5) });
      assert.deepEqual(await asked(body), ['more than 5 logprobs', 'answer']);
      assert.deepEqual(
        server.requests.map(({ body }) => body.top_logprobs ?? body.logprobs),
        [20, 5],
      );
    });

    it(`are none at last: a ${form} with none at all`, async () => {
      const server = await at.start({ script, fault: logprobsUpTo(0) });
      assert.deepEqual(await asked(body), ['more than 5 logprobs', 'logprobs', 'answer']);
      assert.deepEqual(counts(server.requests[2]?.body), [undefined, undefined]);
    });
  }

  it('go down by way of 20', async () => {
    const server = await at.start({ script, fault: logprobsUpTo(20) });
    assert.deepEqual(await asked({ ...forms.completion, topLogprobs: 50 }), [
      'more than 20 logprobs',
      'answer',
    ]);
    assert.equal(server.requests[1]?.body.logprobs, 20);
  });

  it('are one step fewer, however many requests were under way', async () => {
    await at.start({ script, fault: logprobsUpTo(5), latencyMs: 20 });
    await Promise.all(Array.from({ length: 8 }, () => at.send({ body: forms.chat })));
    const sent = await at.send({ body: forms.chat });
    assert.equal(sent.kind === 'answer' && sent.answer.firstToken?.length, firstToken.length);
  });

  it('are still asked of another model there', async () => {
    const server = await at.start({
      script,
      fault: (request) => (request.model === 'reasoning' ? logprobsUpTo(0)(request) : undefined),
    });
    for (let requests = 0; requests < 3; requests += 1)
      await at.send({ body: forms.chat, model: 'reasoning' });
    await at.send({ body: forms.chat, model: 'other' });
    assert.deepEqual(counts(server.requests[3]?.body), [true, 20]);
  });

  it('are no more in the next file of a batch than the last one has taught', () => {
    const asked = (refused: Parameters['refused']) =>
      requestBody({ body: forms.chat, sampling, model: 'm', seed: 1, parameters: new Parameters(refused) });
    assert.deepEqual(counts(asked(new Set(['more than 5 logprobs']))), [true, 5]);
    assert.deepEqual(counts(asked(new Set(['more than 5 logprobs', 'logprobs']))), [undefined, undefined]);
  });

  const refusals: [string, number, unknown][] = [
    ['OpenAI', 400, errorBody("Unsupported parameter: 'logprobs' is not supported with this model.", null)],
    ['OpenAI, older', 400, errorBody('Unrecognized request argument supplied: logprobs', null)],
    ['Groq', 400, errorBody('`logprobs` is not supported with this model', null)],
    ['Gemini', 400, [{ error: { code: 400, message: 'Logprobs is not enabled for models/gemini-x' } }]],
    [
      'vLLM',
      400,
      { message: 'Requested sample logprobs of 20, which is greater than max allowed: 5', code: 400 },
    ],
    ['Ollama', 400, { error: 'top_logprobs must be between 0 and 20' }],
    [
      'Together',
      400,
      errorBody("20 is greater than the maximum of 1 - 'logprobs'", null, { param: 'logprobs' }),
    ],
    ['DeepSeek', 422, { detail: 'Invalid top_logprobs and logprobs value' }],
    [
      'Mistral',
      422,
      {
        object: 'error',
        message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'top_logprobs'], input: 20 }] },
      },
    ],
  ];
  for (const [provider, status, body] of refusals) {
    it(`are known by the words of ${provider}`, async () => {
      await at.start({ script, fault: (request) => (request.body.logprobs ? { status, body } : undefined) });
      assert.deepEqual(await asked(forms.chat), ['more than 5 logprobs', 'logprobs', 'answer']);
    });
  }

  const others: [string, number, unknown][] = [
    [
      'of another parameter',
      400,
      errorBody("No logprobs at this 'temperature'", null, { param: 'temperature' }),
    ],
    ['of a wrong key', 401, errorBody('log in to use logprobs', null)],
    ['of the prompt', 400, errorBody('too long', null)],
  ];
  for (const [what, status, body] of others) {
    it(`are not taken for what a refusal ${what} is about`, async () => {
      await at.start({ fault: () => ({ status, body }) });
      assert.deepEqual(await asked(forms.chat), [null]);
    });
  }
});

describe('a call that asks for logprobs', () => {
  const at = asking();
  const scoring = { body: forms.chat, sampling: { ...sampling, maxTokens: 1 }, failureOf: () => null };

  it('has them in the stored answer, and its usability can depend on them', async () => {
    await at.start({ script });
    const seen: unknown[] = [];
    const failureOf = (answer: { firstToken?: TokenLogprob[] }) => {
      seen.push(answer.firstToken);
      return null;
    };
    const { counted } = await askTeacher(at.worker(), at.call({ ...scoring, failureOf }));
    const stored = await new ResponseStore(new FileStore(at.folder())).get(counted?.response.key ?? '');
    assert.deepEqual(stored?.answer.firstToken, firstToken);
    assert.ok(seen.length > 0);
    for (const one of seen) assert.deepEqual(one, firstToken);
  });

  it('asks again with fewer, and pays nothing for the refusals', async () => {
    const server = await at.start({ script, fault: logprobsUpTo(0) });
    const { outcome, sent } = await askTeacher(at.worker(), at.call(scoring));
    assert.deepEqual([outcome, sent, server.requests.length], ['answered', 3, 3]);
    assert.deepEqual(await at.kinds(), ['failed', 'failed', 'answered']);
    assert.deepEqual(
      (await at.attempts()).map(({ outcome }) => outcome?.bill),
      ['known', 'known', 'known'],
    );
  });

  it('is answered although the one token that it asked for cut the text off', async () => {
    const server = await at.start({ script: () => ({ ...script(), text: ' 4 of 6, since' }) });
    const { outcome, counted } = await askTeacher(at.worker(), at.call(scoring));
    assert.deepEqual([outcome, counted?.response.answer.kind], ['answered', 'truncated']);
    assert.equal(server.requests.length, 1);
  });
});
