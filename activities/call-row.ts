/** The row of a call whose teacher has answered, as `calls` of a closed shard have it. */
import { wantsJson } from '../methods/prompt.js';
import { callKey } from '../store/call-key.js';
import { costUsd } from '../store/pricing.js';
import { isMendedAnswer } from './read-answer.js';
import type { PlannedCall } from './round-prompts.js';
import type { CallRow } from './rows.js';
import type { CountedAnswer } from './sample-path.js';
import type { SettledTeacher } from './teachers.js';
import type { CallPhase } from './types.js';

/** What the rows of answered and of unanswered calls have in common. */
export function callRowHead(options: { phase: CallPhase; planned: PlannedCall; teacher: SettledTeacher }) {
  const { phase, planned, teacher } = options;
  const { row, prompt } = planned;
  return {
    callIndex: row.callIndex,
    phase,
    template: prompt.template,
    templateHash: prompt.templateHash,
    sampling: prompt.sampling,
    teacher: teacher.name,
  };
}

/** A pure function of the plan and the stored answer. */
export function answeredRow(options: {
  phase: CallPhase;
  planned: PlannedCall;
  teacher: SettledTeacher;
  counted: CountedAnswer;
}): CallRow {
  const { phase, planned, teacher, counted } = options;
  const { answer, key, request } = counted.response;
  return {
    ...callRowHead(options),
    outcome: counted.outcome,
    callKey: key,
    sampleKey:
      request.scope.reuse === 'project' ? key : callKey({ ...request, scope: { reuse: 'project' } }).key,
    text: answer.text,
    ...(answer.firstToken && { firstToken: answer.firstToken }),
    truncated: answer.kind === 'truncated',
    via: counted.via,
    isMended:
      counted.outcome === 'answered' &&
      wantsJson(planned.prompt.body) &&
      isMendedAnswer({ phase, text: answer.text }),
    model: answer.model,
    promptTokens: answer.usage?.promptTokens ?? 0,
    completionTokens: answer.usage?.completionTokens ?? 0,
    costUsd: answer.usage && costUsd(answer.usage, teacher.price),
  };
}
