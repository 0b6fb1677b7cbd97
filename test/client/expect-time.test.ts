import assert from 'node:assert/strict';
import { expectTime, type TimedPhase } from '../../client/plan/expect-time.js';

const minute = 60_000;
const phase: TimedPhase = {
  phase: 'tasks',
  requests: 600,
  tokens: 600_000,
  latencyMs: 1_000,
  concurrency: 10,
  requestsPerMinute: null,
  tokensPerMinute: null,
  isBatch: false,
};

describe('the time that a run’s calls take', () => {
  it('is what the requests take side by side, and a last one in each round', () => {
    assert.deepEqual(expectTime([phase], 3), { ms: minute + 3_000, unknown: [], bound: 'concurrency' });
  });

  it('is what the tightest limit lets through', () => {
    const byRequests = expectTime([{ ...phase, requestsPerMinute: 60 }], 0);
    assert.deepEqual(byRequests, { ms: 10 * minute, unknown: [], bound: 'requestsPerMinute' });
    const byTokens = expectTime([{ ...phase, requestsPerMinute: 60, tokensPerMinute: 30_000 }], 0);
    assert.deepEqual(byTokens, { ms: 20 * minute, unknown: [], bound: 'tokensPerMinute' });
  });

  it('adds up over phases, and names what takes most of it', () => {
    const judge: TimedPhase = { ...phase, phase: 'judge', requestsPerMinute: 100 };
    assert.deepEqual(expectTime([phase, judge], 0), {
      ms: 7 * minute,
      unknown: [],
      bound: 'requestsPerMinute',
    });
  });

  it('is unknown where a kind of call that is made was never timed', () => {
    const judge: TimedPhase = { ...phase, phase: 'judge', latencyMs: null };
    assert.deepEqual(expectTime([phase, judge], 1), { ms: null, unknown: ['judge'], bound: null });
    assert.equal(expectTime([phase, { ...judge, requests: 0 }], 0).ms, minute);
  });

  it('is unknown where calls wait for a batch', () => {
    const { ms, bound } = expectTime([phase, { ...phase, phase: 'judge', isBatch: true }], 1);
    assert.deepEqual([ms, bound], [null, 'batch']);
  });

  it('is none for a run that asks nobody', () => {
    assert.deepEqual(expectTime([], 0), { ms: 0, unknown: [], bound: null });
  });
});
