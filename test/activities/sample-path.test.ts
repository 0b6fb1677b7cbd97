import assert from 'node:assert/strict';
import {
  mostRequests,
  type SampleChoice,
  type SampleStep,
  samplePath,
} from '../../activities/sample-path.js';
import { highestTokens } from '../../activities/teacher-client/request-body.js';
import type { PromptBody } from '../../methods/prompt.js';
import { callKey } from '../../store/call-key.js';
import type { StoredResponse, TeacherAnswer } from '../../store/response-store.js';
import { chat, completion, sampling } from '../teacher-client/endpoint.js';

type Kind = TeacherAnswer['kind'];
type ChatBody = PromptBody & { form: 'chat' };
type Given = Kind | [Kind, string];

const choice = (more: Partial<SampleChoice> = {}): SampleChoice => ({
  teacher: 'id:t',
  model: 'm',
  body: chat,
  sampling,
  runSeed: 1,
  nth: 0,
  scope: { reuse: 'project' },
  repair: true,
  freshSamples: 2,
  failureOf: ({ text, truncated }) => (text.includes('good') ? null : truncated ? 'truncated' : 'unparsable'),
  problemOf: (text) => `it has ${text.length} characters`,
  ...more,
});

/** Walks the path with these answers and tells which requests it made and how it ended. */
function walk(given: Given[], more: Partial<SampleChoice> = {}) {
  const path = samplePath(choice(more));
  const steps: SampleStep[] = [];
  let next = path.next();
  for (const one of given) {
    assert.ok(!next.done, `the call ended before ${JSON.stringify(one)}`);
    steps.push(next.value);
    next = path.next(stored(one));
  }
  const ended = next.done ? next.value : null;
  return {
    steps,
    vias: steps.map(({ via }) => via),
    end: ended && [ended.outcome, ended.via, ended.response.answer.text],
  };
}

function stored(given: Given): StoredResponse {
  const [kind, text] = typeof given === 'string' ? [given, given] : given;
  return { answer: { kind, text } } as StoredResponse;
}

describe('the requests of a call', () => {
  it('are one when the first answer is usable', () => {
    const { vias, end } = walk([['text', 'good']]);
    assert.deepEqual([vias, end], [['first'], ['answered', 'first', 'good']]);
  });

  it('go on with a repair after a text that cannot be read', () => {
    const { vias, end } = walk([
      ['text', 'bad'],
      ['text', 'good now'],
    ]);
    assert.deepEqual(
      [vias, end],
      [
        ['first', 'repair'],
        ['answered', 'repair', 'good now'],
      ],
    );
  });

  it('go on with fresh samples after a repair that did not help, and repair none of these', () => {
    const { vias, end } = walk([
      ['text', 'bad'],
      ['text', 'still bad'],
      ['text', 'bad, too'],
      ['text', 'good'],
    ]);
    assert.deepEqual(
      [vias, end],
      [
        ['first', 'repair', 'fresh', 'fresh'],
        ['answered', 'fresh', 'good'],
      ],
    );
  });

  it('end with the last sample when nothing was of use', () => {
    const { end } = walk([
      ['text', 'bad'],
      ['text', 'still bad'],
      ['text', 'bad 2'],
      ['text', 'bad 3'],
    ]);
    assert.deepEqual(end, ['unparsable', 'fresh', 'bad 3']);
  });

  for (const kind of [
    'truncated',
    'refused',
    'content-filter',
    'empty',
    'too-large',
    ['text', ' '],
  ] as Given[]) {
    it(`go on with a fresh sample, not with a repair, after ${JSON.stringify(kind)}`, () => {
      assert.deepEqual(walk([kind, ['text', 'good']]).vias, ['first', 'fresh']);
    });
  }

  for (const [kind, outcome] of [
    ['truncated', 'truncated'],
    ['refused', 'refused'],
    ['content-filter', 'content-filter'],
    ['empty', 'unparsable'],
    ['too-large', 'unparsable'],
  ] as [Kind, string][]) {
    it(`end as ${outcome} when the last answer is ${kind}`, () => {
      assert.equal(walk([kind], { freshSamples: 0 }).end?.[0], outcome);
    });
  }

  for (const [why, more] of [
    ['with repair: false', { repair: false }],
    ['for a completion, which has no turns', { body: completion }],
    ['for free text, which has no form', { body: { ...(chat as ChatBody), schema: null } }],
  ] as [string, Partial<SampleChoice>][]) {
    it(`have no repair ${why}`, () => {
      const given: Given[] = [
        ['text', 'bad'],
        ['text', 'good'],
      ];
      assert.deepEqual(walk(given, more).vias, ['first', 'fresh']);
      assert.equal(mostRequests(choice(more)).requests, 3);
    });
  }

  it('are never more than are reserved', () => {
    const bad: Given = ['text', 'bad'];
    const { steps, end } = walk([bad, bad, bad, bad]);
    assert.ok(end);
    assert.equal(mostRequests(choice()).requests, steps.length);
  });

  it('have each a key of its own', () => {
    const bad: Given = ['text', 'bad'];
    const keys = walk([bad, bad, bad, bad]).steps.map(({ parts }) => callKey(parts).key);
    assert.equal(new Set(keys).size, 4);
  });
});

describe('a repair request', () => {
  const repairOf = (text: string, more: Partial<SampleChoice> = {}) =>
    walk([['text', text], 'empty'], more).steps[1]?.parts.body as ChatBody;

  it('shows the model its answer as its own turn and says what was wrong with it', () => {
    const [asked, ...told] = repairOf('bad').messages;
    assert.deepEqual(asked, { role: 'user', content: 'Say something.' });
    assert.deepEqual(told, [
      { role: 'assistant', content: 'bad' },
      {
        role: 'user',
        content:
          'Your answer could not be used: it has 3 characters.\n\nGive the whole answer again, corrected, and nothing else.',
      },
    ]);
  });

  it('asks for the same schema', () => {
    assert.deepEqual(repairOf('bad').schema, (chat as ChatBody).schema);
  });

  it('shows no more than 16 KiB of an answer and half a kilobyte of what is wrong, without half a character', () => {
    const body = repairOf('bäd'.repeat(10_000), { problemOf: () => 'ä'.repeat(1000) });
    const [, answer, words] = body.messages;
    assert.ok(Buffer.byteLength(answer?.content ?? '') <= 16_384);
    assert.ok(Buffer.byteLength(words?.content ?? '') <= 700);
    assert.ok(!`${answer?.content}${words?.content}`.includes('\ufffd'));
  });

  it('never has more tokens than are reserved for it', () => {
    const body = repairOf('bäd'.repeat(10_000), { problemOf: () => 'ä'.repeat(1000) });
    const more = highestTokens({ body, sampling }).prompt - highestTokens({ body: chat, sampling }).prompt;
    assert.ok(more <= mostRequests(choice()).repairTokens, `${more}`);
  });
});
