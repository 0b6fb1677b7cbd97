import assert from 'node:assert/strict';
import { noCounts } from '../../workflows/counts.js';
import type { LoopState } from '../../workflows/inputs.js';
import { stalledRounds, stopReason } from '../../workflows/stop-rule.js';

function loop(options: { round: number; accepted: number; planned: number }): LoopState {
  const totals = noCounts();
  totals.candidates.accepted = options.accepted;
  totals.calls.planned = options.planned;
  const stop = { maxRounds: 10, maxCallsPerAccepted: 5, stallRounds: 3, stallYield: 0.01 };
  return { round: options.round, totals, plan: { target: 100, stop }, settings: {} } as LoopState;
}

describe('stopReason', () => {
  it('goes on while examples are missing and every limit is kept', () => {
    assert.equal(stopReason(loop({ round: 10, accepted: 99, planned: 495 })), null);
  });

  it('ends at the target before any other rule', () => {
    assert.equal(stopReason(loop({ round: 11, accepted: 100, planned: 9999 })), 'target reached');
  });

  it('goes by the target that people have set', () => {
    const state = loop({ round: 2, accepted: 100, planned: 100 });
    assert.equal(stopReason({ ...state, settings: { ...state.settings, target: 101 } }), null);
  });

  it('ends after maxRounds rounds and names the limit', () => {
    assert.match(stopReason(loop({ round: 11, accepted: 99, planned: 99 })) ?? '', /^maxRounds: 10/);
  });

  it('ends when an accepted example costs too many calls', () => {
    assert.match(
      stopReason(loop({ round: 2, accepted: 10, planned: 51 })) ?? '',
      /^maxCallsPerAccepted: 51 calls/,
    );
  });

  it('allows the calls of one example while there is none', () => {
    assert.equal(stopReason(loop({ round: 2, accepted: 0, planned: 5 })), null);
    assert.match(stopReason(loop({ round: 2, accepted: 0, planned: 6 })) ?? '', /maxCallsPerAccepted/);
  });
});

describe('stalledRounds', () => {
  it('counts rounds under the yield and starts again after a good one', () => {
    assert.equal(stalledRounds({ before: 2, parsed: 1000, accepted: 9, stallYield: 0.01 }), 3);
    assert.equal(stalledRounds({ before: 2, parsed: 1000, accepted: 10, stallYield: 0.01 }), 0);
  });

  it('takes a round without candidates for a stalled one', () => {
    assert.equal(stalledRounds({ before: 0, parsed: 0, accepted: 0, stallYield: 0.01 }), 1);
  });
});
