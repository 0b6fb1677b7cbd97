import assert from 'node:assert/strict';
import type { PlannedCallRow } from '../../activities/phase-calls.js';
import { type Conversation, conclude, type TurnPhase } from '../../activities/skillmix/conversations.js';

const whole = '### Instruction:\nHow do I tie a bowline?\n### Response:\nFirst make a small loop.';

/** A conversation whose turns have these texts; one that ends in `…` was cut off there. */
function conversation(texts: Partial<Record<TurnPhase, string>>): Conversation {
  const turns = Object.entries({ draft: whole, critique: 'Weak.', ...texts }).map(([phase, text]) => {
    const truncated = text.endsWith('…');
    const call = { outcome: 'answered', text: text.replace(/…$/, ''), truncated };
    return [phase, { plan: {}, call } as PlannedCallRow];
  });
  return { draft: 0, turns: Object.fromEntries(turns) };
}

function outcome(texts: Partial<Record<TurnPhase, string>>): 'whole' | 'cut off' | 'no pair' | 'failed' {
  const conclusion = conclude(conversation(texts));
  if ('failedTurn' in conclusion) return 'failed';
  if (conclusion.pair === null) return 'no pair';
  return conclusion.isCutOff ? 'cut off' : 'whole';
}

describe('what a conversation of SkillMix comes to', () => {
  it('is whole where the turns that it is from are', () => {
    assert.equal(outcome({ improve: whole }), 'whole');
    assert.equal(outcome({ improve: `${whole} Then pass the e…`, 'improve-rewrite': whole }), 'whole');
    assert.equal(outcome({ improve: whole, 'improve-rewrite': '### Instruction:\nHow do I…' }), 'whole');
  });

  it('is cut off where its response was, whatever the other turn says', () => {
    assert.equal(outcome({ improve: `${whole} Then…` }), 'cut off');
    const rewrite = '### Instruction:\nHow do I tie a bowline?';
    assert.equal(outcome({ improve: `${whole} Then…`, 'improve-rewrite': rewrite }), 'cut off');
    assert.equal(outcome({ improve: whole, 'improve-rewrite': `${whole} Then…` }), 'cut off');
  });

  it('is cut off where its instruction was', () => {
    const response = '### Response:\nFirst make a small loop.';
    assert.equal(
      outcome({ improve: '### Instruction:\nHow do I tie a bowl…', 'improve-rewrite': response }),
      'cut off',
    );
  });

  it('is nothing where a turn or a part is missing', () => {
    assert.equal(outcome({}), 'failed');
    assert.equal(outcome({ improve: 'Just words.' }), 'no pair');
  });
});
