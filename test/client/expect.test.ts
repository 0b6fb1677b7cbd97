import assert from 'node:assert/strict';
import type { CallPhase } from '../../activities/types.js';
import {
  type CallFigures,
  expectConversations,
  expectLoop,
  expectPhase,
  expectRounds,
  perExample,
  total,
} from '../../client/plan/expect.js';
import { callsWanted } from '../../activities/plan-calls.js';
import { examplesWanted } from '../../activities/skillmix/choose-calls.js';

const always = () => 1;
const plain = {
  answered: always,
  cutOff: { draft: 0, improve: 0 },
  rewritesAlways: false,
  whole: 1,
  shirkers: null,
  gate: null,
};

describe('what a draft leads to', () => {
  it('is a critique, an improved pair and an example where nothing goes wrong', () => {
    const { calls, accepted } = expectConversations(10, plain);
    const expected = { draft: 10, 'draft-rewrite': 0, critique: 10, improve: 10, 'improve-rewrite': 0 };
    assert.deepEqual(calls, expected);
    assert.equal(accepted, 10);
  });

  it('is rewritten after a cut-off answer, or always', () => {
    const cutOff = { draft: 0.2, improve: 0.1 };
    const seldom = expectConversations(100, { ...plain, cutOff }).calls;
    assert.deepEqual([seldom['draft-rewrite'], seldom['improve-rewrite']], [20, 10]);
    const every = expectConversations(100, { ...plain, cutOff, rewritesAlways: true }).calls;
    assert.deepEqual([every['draft-rewrite'], every['improve-rewrite']], [100, 100]);
  });

  it('ends where a turn has no usable answer', () => {
    const answered = (phase: CallPhase) => (phase === 'critique' ? 0.5 : 0.8);
    const { calls, accepted } = expectConversations(100, { ...plain, answered, whole: 0.5 });
    assert.deepEqual([calls.draft, calls.critique, calls.improve], [100, 80, 40]);
    assert.equal(accepted, 16);
  });

  it('is judged, with a worse answer where it is a shirker', () => {
    const gate = { passGood: 0.95, passShirked: 0.05 };
    const { calls, accepted } = expectConversations(100, { ...plain, shirkers: 0.2, gate });
    assert.deepEqual([calls.shirk, calls.judge], [20, 100]);
    assert.equal(Math.round(accepted * 1000) / 1000, 77);
  });
});

describe('what a call for instructions leads to', () => {
  it('is an answer to each candidate that passes the screen', () => {
    const { calls, accepted } = expectLoop(10, {
      ask: 'instructions',
      answer: ['classify', 'instances'],
      candidatesPerCall: 7,
      passed: 0.5,
      acceptedPerPassed: 1.2,
    });
    assert.deepEqual(calls, { instructions: 10, classify: 35, instances: 35 });
    assert.equal(accepted, 42);
  });
});

describe('the rounds that a run is expected to have', () => {
  const stop = { target: 4000, maxRounds: 1000, maxCallsPerAccepted: 50 };
  const generation = { callsPerRound: 500 } as Parameters<typeof examplesWanted>[0]['generation'];

  it('begin what is missing and a little more, as the run does', () => {
    const outcome = { calls: { draft: 1 }, accepted: 0.8 };
    const callsWanted = (wanted: Parameters<typeof examplesWanted>[1]) =>
      examplesWanted({ generation }, wanted);
    assert.deepEqual(expectRounds({ stop, callsWanted, outcome }), {
      asks: 5000,
      rounds: 10,
      stop: 'target',
    });
    const few = expectRounds({ stop: { ...stop, target: 100 }, callsWanted, outcome });
    // 100, then 1.05 × 20 ÷ 0.8 rounded up.
    assert.deepEqual([few.asks, few.rounds], [127, 2]);
  });

  it('end by the recipe’s other stop rules where the target is out of reach', () => {
    const wanted = (state: Parameters<typeof callsWanted>[1]) => callsWanted(10, state);
    const outcome = { calls: { tasks: 1 }, accepted: 1 };
    const short = expectRounds({ stop: { ...stop, maxRounds: 3 }, callsWanted: wanted, outcome });
    assert.deepEqual(short, { asks: 30, rounds: 3, stop: 'maxRounds' });
    const barren = { calls: { tasks: 1 }, accepted: 0 };
    const poor = expectRounds({ stop, callsWanted: wanted, outcome: barren });
    assert.deepEqual(poor, { asks: 60, rounds: 6, stop: 'maxCallsPerAccepted' });
  });
});

describe('what calls are expected to cost', () => {
  const figures: CallFigures = {
    requests: 1.1,
    promptTokens: 1000,
    cachedPromptTokens: 500,
    completionTokens: 100,
    basis: { from: 'assumed' },
  };
  const price = { inputUsdPerMTok: 2, cachedInputUsdPerMTok: 1, outputUsdPerMTok: 10 };

  it('counts requests, tokens and cached prompts', () => {
    const { requests, promptTokens, completionTokens, usd } = expectPhase({
      phase: 'draft',
      calls: 100,
      figures,
      price,
    });
    assert.deepEqual([Math.round(requests), promptTokens, completionTokens], [110, 100_000, 10_000]);
    assert.equal(usd, 0.25);
  });

  it('is unknown, not nothing, where a price is', () => {
    const unknown = expectPhase({ phase: 'draft', calls: 1, figures, price: null });
    const known = expectPhase({ phase: 'judge', calls: 1, figures, price });
    assert.equal(unknown.usd, null);
    assert.equal(total([unknown, known]).usd, null);
    assert.equal(perExample(total([unknown, known]), 2)?.usd, null);
    const none = expectPhase({ phase: 'draft', calls: 0, figures, price: null });
    assert.equal(total([none, known]).usd, known.usd);
  });

  it('has no figures for one example where there is none', () => {
    const one = expectPhase({ phase: 'topics', calls: 1, figures, price });
    assert.equal(perExample(total([one]), 0), null);
    assert.equal(perExample(total([one]), 2)?.promptTokens, 500);
  });
});
