/** A round whose teacher calls have all been answered, for activities that are called without Temporal. */
import type { CallRow, PlanRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import type { Task } from '../../methods/self-instruct/parsed.js';
import { writeJsonl } from '../../store/artifacts.js';
import type { StoredRun } from './stored-run.js';

/** Stores a round of calls for whole tasks in chats: each call's answer has some tasks. */
export async function askedRound(
  { store, run }: Pick<StoredRun, 'store' | 'run'>,
  { round, answers }: { round: number; answers: readonly Task[][] },
): Promise<void> {
  const files = roundFiles(run.runId, round).phase('tasks');
  const plan = answers.map(
    (_, callIndex): PlanRow => ({
      callIndex,
      seedIds: ['seed-1'],
      candidateId: null,
      isClassification: null,
      promptHash: '',
      nth: 0,
    }),
  );
  const calls = answers.map((tasks, callIndex): CallRow => {
    const key = `${round}-${callIndex}`;
    return {
      callIndex,
      outcome: 'answered',
      callKey: key,
      sampleKey: key,
      text: JSON.stringify({ tasks }),
      truncated: false,
      via: 'first',
      isMended: false,
      phase: 'tasks',
      teacher: 'default',
      model: 'scripted',
      template: 'one-call',
      templateHash: '',
      sampling: {
        temperature: 1,
        topP: 1,
        presencePenalty: 0,
        frequencyPenalty: 0,
        maxTokens: 512,
        stop: [],
      },
      promptTokens: 100,
      completionTokens: 100,
      costUsd: 0,
    };
  });
  await writeJsonl(store, files.plan, plan);
  await writeJsonl(store, files.calls(0), calls);
}
