import type { Prompt } from '../methods/prompt.js';
import { costUsd } from '../store/pricing.js';
import { mostRequests } from './sample-path.js';
import { highestTokens } from './teacher-client/request-body.js';
import type { SettledTeacher } from './teachers.js';
import type { Spend } from './types.js';

/**
 * Most that one of these calls can cost, whichever of the teachers makes it: every request that it may need, each with
 * the longest prompt and the longest answer.
 */
export function highestSpend({
  teachers,
  prompts,
}: {
  teachers: SettledTeacher[];
  prompts: Prompt[];
}): Spend {
  const highest: Spend = { calls: 0, tokens: 0, usd: 0 };
  for (const teacher of teachers) {
    for (const { body, sampling } of prompts) {
      const { repair, freshSamples, price } = teacher;
      const { requests, repairBytes } = mostRequests({ body, repair, freshSamples });
      const { prompt, completion } = highestTokens({ body, sampling });
      const promptTokens = requests * prompt + repairBytes;
      const usage = { promptTokens, cachedPromptTokens: 0, completionTokens: requests * completion };
      const usd = costUsd(usage, price);
      highest.calls = Math.max(highest.calls, requests);
      highest.tokens = Math.max(highest.tokens, promptTokens + usage.completionTokens);
      highest.usd = highest.usd === null || usd === null ? null : Math.max(highest.usd, usd);
    }
  }
  return highest;
}
