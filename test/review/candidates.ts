import type { Candidate, Verdict } from '../../activities/types.js';
import { contentHash } from '../../methods/identity.js';

/** A candidate as a round has it, named by its id. */
export function reviewCandidate(id: string, verdict: Verdict = { state: 'accepted' }): Candidate {
  const text = {
    instruction: `Explain to a child what ${id} means.`,
    input: '',
    output: `It means ${id}, and nothing more.`,
  };
  return {
    id,
    contentHash: contentHash(text),
    round: 1,
    callIndex: 0,
    position: 0,
    instance: 0,
    ...text,
    isClassification: null,
    calls: [],
    seedIds: [],
    nearest: null,
    verdict,
  };
}
