import assert from 'node:assert/strict';
import { answeredRow } from '../../activities/call-row.js';
import type { PlannedCall } from '../../activities/round-prompts.js';
import type { CountedAnswer } from '../../activities/sample-path.js';
import type { SettledTeacher } from '../../activities/teachers.js';
import type { TokenLogprob } from '../../methods/prompt.js';
import { storedResponse } from '../store/stored-response.js';
import { completion, sampling } from '../teacher-client/endpoint.js';

describe('the row of an answered call', () => {
  const row = (firstToken?: TokenLogprob[]) => {
    const response = storedResponse(' 4');
    const answer = { ...response.answer, kind: 'truncated', ...(firstToken && { firstToken }) } as const;
    const prompt = { template: 't', templateHash: 'h', body: completion, sampling };
    return answeredRow({
      phase: 'answers',
      planned: { row: { callIndex: 3 }, prompt } as PlannedCall,
      teacher: { name: 'default', price: null } as SettledTeacher,
      counted: { outcome: 'answered', via: 'first', response: { ...response, answer } } as CountedAnswer,
    });
  };

  it('has what its first token might have been, where that is known', () => {
    const firstToken = [{ token: ' 4', logprob: -0.5 }];
    const { outcome, truncated, firstToken: found } = row(firstToken);
    assert.deepEqual([outcome, truncated, found], ['answered', true, firstToken]);
    assert.ok(!('firstToken' in row()));
  });
});
