import type { Prompt } from '../methods/prompt.js';
import { costUsd } from '../store/pricing.js';
import { mostRequests } from './sample-path.js';
import { sumSpend } from './spend-book.js';
import { highestTokens } from './teacher-client/request-body.js';
import type { SettledTeacher } from './teachers.js';
import type { Spend } from './types.js';

/**
 * Most that a call with this prompt can cost, whichever of the teachers makes it: every request that it may need, each
 * with the longest answer.
 */
export function highestSpend({ teachers, prompt }: { teachers: SettledTeacher[]; prompt: Prompt }): Spend {
  return teachers.map((teacher) => highestOf(teacher, prompt)).reduce(highestOfTwo);
}

/** Enough for either. */
export function highestOfTwo(a: Spend, b: Spend): Spend {
  return {
    calls: Math.max(a.calls, b.calls),
    tokens: Math.max(a.tokens, b.tokens),
    usd: a.usd === null || b.usd === null ? null : Math.max(a.usd, b.usd),
  };
}

/** Request by request, as the ledger counts them: dollars are rounded for each. */
function highestOf({ repair, freshSamples, price }: SettledTeacher, { body, sampling }: Prompt): Spend {
  const { requests, repairTokens } = mostRequests({ body, repair, freshSamples });
  const { prompt, completion } = highestTokens({ body, sampling });
  const prompts = Array.from({ length: requests }, (_, n) => (n === 0 ? prompt + repairTokens : prompt));
  return sumSpend(
    prompts.map((promptTokens) => ({
      calls: 1,
      tokens: promptTokens + completion,
      usd: costUsd({ promptTokens, cachedPromptTokens: 0, completionTokens: completion }, price),
    })),
  );
}
