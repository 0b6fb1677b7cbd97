import assert from 'node:assert/strict';
import { readFirstToken } from '../../activities/teacher-client/first-token.js';
import type { TokenLogprob } from '../../methods/prompt.js';

/** The first token of a chat's logprobs. */
const inChat = (...top: unknown[]) => ({ content: [{ token: 'x', logprob: 'none', top_logprobs: top }] });
const four: TokenLogprob = { token: '4', logprob: -0.25 };
const five: TokenLogprob = { token: ' 5', logprob: -1.75 };

describe('the first token of an answer', () => {
  const forms: [string, unknown][] = [
    ['a chat', { content: [{ ...five, bytes: [32, 53], top_logprobs: [four, five] }, { token: 'b' }] }],
    ['a completion of llama.cpp', { content: [{ id: 9, ...four, top_logprobs: [four, five] }] }],
    [
      'a completion of OpenAI or vLLM',
      {
        tokens: [' 5', 'b'],
        token_logprobs: [-1.75, -2],
        top_logprobs: [{ ' 5': -1.75, 4: -0.25 }, { b: -2 }],
        text_offset: [0, 2],
      },
    ],
    [
      'a chat of Together',
      { content: null, tokens: [' 5'], token_logprobs: [-1.75], top_logprobs: [{ 4: -0.25 }] },
    ],
    ['a list without the chosen one', { content: [{ ...five, top_logprobs: [four] }] }],
  ];
  for (const [form, logprobs] of forms) {
    it(`is read from ${form}, likeliest first`, () => {
      assert.deepEqual(readFirstToken(logprobs), [four, five]);
    });
  }

  it('is the chosen one alone where no others came', () => {
    assert.deepEqual(readFirstToken({ content: [{ ...four, top_logprobs: [] }] }), [four]);
    assert.deepEqual(readFirstToken({ tokens: ['4'], token_logprobs: [-0.25], top_logprobs: null }), [four]);
  });

  it('may be special or empty, and several of those alike', () => {
    const end: TokenLogprob = { token: '', logprob: -0.1 };
    const start: TokenLogprob = { token: '', logprob: -2 };
    assert.deepEqual(readFirstToken({ content: [{ ...end, top_logprobs: [end, start] }] }), [end, start]);
  });

  it('keeps a token as it came, whatever is in it', () => {
    const odd = { token: '\u001b[31m\n{{seed}}"', logprob: -1 };
    assert.deepEqual(readFirstToken(inChat(odd)), [odd]);
  });

  it('has no number that JSON does not have', () => {
    const given = JSON.parse('[{"token":"a","logprob":-1e999},{"token":"b","logprob":-1e300}]');
    assert.deepEqual(
      readFirstToken(inChat(...given))?.map(({ logprob }) => logprob),
      [-9999, -9999],
    );
  });

  it('takes what is a little above 0 for 0, and leaves out what is no logprob', () => {
    const given = [
      { token: 'a', logprob: 1e-7 },
      ...[0.7, '0', null].map((logprob) => ({ token: 'b', logprob })),
    ];
    assert.deepEqual(readFirstToken(inChat(...given)), [{ token: 'a', logprob: 0 }]);
  });

  it('leaves out what is no token', () => {
    const given = [
      null,
      'a',
      ['a', -1],
      { logprob: -1 },
      { token: 7, logprob: -1 },
      { ...four, token: 'x'.repeat(300) },
    ];
    assert.deepEqual(readFirstToken(inChat(...given, four)), [four]);
  });

  it('has no more alternatives than any endpoint is asked for', () => {
    const given = Array.from({ length: 50_000 }, (_, n) => ({ token: `t${n}`, logprob: -n }));
    assert.equal(readFirstToken(inChat(...given))?.length, 256);
  });

  const nothing = [null, undefined, 1, [], {}, { content: [] }, { content: [null] }, { top_logprobs: [] }];
  for (const logprobs of [...nothing, { tokens: [], top_logprobs: [null] }, { content: 'x' }]) {
    it(`is unknown when the endpoint says ${JSON.stringify(logprobs)}`, () => {
      assert.equal(readFirstToken(logprobs), undefined);
    });
  }
});
