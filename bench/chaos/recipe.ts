export const runId = 'chaos';
export const concurrency = 50;
export const latencyMs = 100;
export const rounds = 3;

/** No round numbers, so that every cost has its nano-dollars. */
export const price = { inputUsdPerMTok: 0.137, cachedInputUsdPerMTok: 0.0411, outputUsdPerMTok: 0.593 };

/** Planned calls per call for instructions, measured: itself, and an answer to each of its instructions that is new. */
const callsPerAsk = 5;

/**
 * Self-Instruct in two phases a round, with a chat model. Each round's prompts show what earlier rounds accepted, so that
 * a row that is lost or changed changes every prompt after it, and the dataset with them.
 */
export function chaosRecipe({ calls, seed }: { calls: number; seed: number }) {
  return {
    name: 'chaos',
    method: 'self-instruct',
    seed,
    // More than the rounds can give, so that all of them are made.
    target: 1_000_000,
    seeds: 'seeds.jsonl',
    teacher: { endpoint: 'openai', model: 'scripted', form: 'chat', concurrency, price },
    generation: {
      prompts: 'staged',
      answers: 'direct',
      callsPerRound: Math.max(1, Math.round(calls / rounds / callsPerAsk)),
    },
    filter: { poolThreshold: 0.95 },
    signal: 'none',
    // Out of reach; but every call is reserved and settled.
    budget: { usd: 1_000 },
    stop: { maxRounds: rounds },
  };
}
