import assert from 'node:assert/strict';
import { countCalls, countCandidates, type PhaseFiles } from '../../activities/count-round.js';
import type { CallRow, PlanRow } from '../../activities/rows.js';
import type { Candidate, Verdict } from '../../activities/types.js';
import type { Attempt } from '../../store/ledger.js';

describe('countCandidates', () => {
  it('puts every candidate under exactly one heading', () => {
    const verdicts: Verdict[] = [
      { state: 'accepted' },
      { state: 'accepted' },
      { state: 'undecided' },
      { state: 'rejected', reason: 'similar' },
      { state: 'rejected', reason: 'similar' },
      { state: 'rejected', reason: 'too-short' },
    ];
    assert.deepEqual(countCandidates(verdicts.map((verdict) => ({ verdict }) as Candidate)), {
      parsed: 6,
      accepted: 2,
      undecided: 1,
      rejected: { similar: 2, 'too-short': 1 },
    });
  });
});

const firstTime = { mended: 0, repaired: 0, reAsked: 0, givenUp: 0 };

describe('countCalls', () => {
  it('counts planned calls that have no row yet as neither answered nor failed', () => {
    const { calls } = countCalls([phase({ planned: 5, rows: ['answered', 'answered', 'unparsable'] })]);
    const given = { failed: { unparsable: 1 }, ...firstTime, givenUp: 1 };
    assert.deepEqual(calls, { planned: 5, answered: 2, ...given });
  });

  it('tells answers that came at once from those that had to be mended, repaired or asked for again', () => {
    const row = (how: Partial<CallRow>) => ({ callIndex: 0, outcome: 'answered', ...how }) as CallRow;
    const one = phase({ planned: 5, rows: [] });
    one.calls = [
      row({ via: 'first', isMended: false }),
      row({ via: 'first', isMended: true }),
      row({ via: 'repair', isMended: false }),
      row({ via: 'fresh', isMended: false }),
      row({ via: 'fresh', isMended: false, outcome: 'truncated', callKey: null }),
    ];
    const { planned, ...counted } = countCalls([one]).calls;
    const ways = { mended: 1, repaired: 1, reAsked: 1, givenUp: 0 };
    assert.deepEqual(counted, { answered: 4, failed: { truncated: 1 }, ...ways });
  });

  it('gives a call up when there were answers and none was of use, not when there was none', () => {
    const one = phase({ planned: 3, rows: ['unparsable', 'refused', 'invalid-request'] });
    one.calls[2] = { ...one.calls[2], callKey: null } as CallRow;
    assert.equal(countCalls([one]).calls.givenUp, 2);
  });

  it('adds up over the phases of a round', () => {
    const { calls } = countCalls([
      phase({ planned: 1, rows: ['answered'] }),
      phase({ planned: 2, rows: ['answered', 'truncated'] }),
    ]);
    const given = { failed: { truncated: 1 }, ...firstTime, givenUp: 1 };
    assert.deepEqual(calls, { planned: 3, answered: 2, ...given });
  });

  it('takes a call without a request of its own for one that the store answered', () => {
    const { attempts } = countCalls([
      phase({ planned: 2, rows: ['answered', 'answered'], attempts: [attempt('call-0', 'answered')] }),
    ]);
    assert.deepEqual(attempts, { sent: 1, fromStore: 1, failed: 0, unknown: 0 });
  });

  it('counts a request without an outcome as unknown, at its highest cost', () => {
    const { attempts, tokens, costUsd, unknownUsd } = countCalls([
      phase({ planned: 1, rows: [], attempts: [attempt('call-0', null)] }),
    ]);
    assert.deepEqual(attempts, { sent: 1, fromStore: 0, failed: 0, unknown: 1 });
    assert.deepEqual([costUsd, unknownUsd, tokens.unknown], [0, 0.5, 350]);
  });

  it('counts a refused request as failed beside the one that was answered', () => {
    const { attempts, tokens, costUsd } = countCalls([
      phase({
        planned: 1,
        rows: ['answered'],
        attempts: [attempt('call-0', 'failed'), attempt('call-0', 'answered')],
      }),
    ]);
    assert.deepEqual(attempts, { sent: 2, fromStore: 0, failed: 1, unknown: 0 });
    assert.deepEqual([tokens, costUsd], [{ prompt: 100, completion: 10, unknown: 0 }, 0.1]);
  });

  it('knows no sum where a price is unknown', () => {
    const unpriced = attempt('call-0', 'answered');
    if (unpriced.outcome) unpriced.outcome.costUsd = null;
    const { costUsd } = countCalls([phase({ planned: 1, rows: ['answered'], attempts: [unpriced] })]);
    assert.equal(costUsd, null);
  });
});

function phase(options: { planned: number; rows: CallRow['outcome'][]; attempts?: Attempt[] }): PhaseFiles {
  const { planned, rows, attempts = [] } = options;
  return {
    phase: 'tasks',
    plan: Array.from({ length: planned }, (_, callIndex) => ({ callIndex }) as PlanRow),
    calls: rows.map(
      (outcome, callIndex) => ({ callIndex, outcome, callKey: `call-${callIndex}` }) as CallRow,
    ),
    attempts,
  };
}

const highestTokens = { prompt: 300, completion: 50 };

function attempt(callKey: string, kind: 'answered' | 'failed' | null): Attempt {
  const intent = {
    row: 'intent',
    callKey,
    callIndex: 0,
    highestTokens,
    highestUsd: 0.5,
  } as Attempt['intent'];
  if (kind === null) return { intent, outcome: null };
  const usage = { promptTokens: 100, cachedPromptTokens: 0, completionTokens: 10 };
  const outcome =
    kind === 'answered'
      ? { kind, usage, costUsd: 0.1, bill: 'known' }
      : { kind, usage: null, costUsd: 0, bill: 'known', status: 429 };
  return { intent, outcome: outcome as Attempt['outcome'] };
}
