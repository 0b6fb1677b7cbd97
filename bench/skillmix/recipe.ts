/** The run of `npm run bench -- skillmix`, and the lists that it draws from. */

export const runId = 'skillmix';
export const pilotId = 'pilot';
export const latencyMs = 100;

/** No round numbers, so that every cost has its nano-dollars. */
export const price = { inputUsdPerMTok: 0.137, outputUsdPerMTok: 0.593 };

export const skills = Array.from({ length: 200 }, (_, n) => `skill_${n}`);
export const queryTypes = Array.from({ length: 20 }, (_, n) => ({
  name: `Type ${n}`,
  definition: `Requests that ask for the ${n}th of all things, at length and with all that belongs to it.`,
}));

/** A fifth of the answers are made worse on purpose, and a gate is to find them. */
export function skillMixRecipe({ examples, seed }: { examples: number; seed: number }) {
  return {
    name: 'skillmix',
    method: 'skillmix',
    seed,
    target: examples,
    teacher: { endpoint: 'openai', model: 'scripted', concurrency: 50, price },
    skillmix: {
      skills: { from: 'file', file: 'skills.txt' },
      queryTypes: { from: 'file', file: 'query-types.jsonl' },
      shirkers: { kind: 'junk', share: 0.2 },
    },
    gate: { threshold: 4 },
    generation: { callsPerRound: 500 },
    // Out of reach; but every call is reserved and settled.
    budget: { usd: 10_000 },
  };
}
