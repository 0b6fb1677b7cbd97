/** `npm run bench -- limits`: what teachers receive under limits, 429s and several runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { every10th429 } from './every-tenth.js';
import { fairShare } from './fair-share.js';
import { heldRate, type HeldRate } from './held-rates.js';
import { outage } from './outage.js';

export const limitScenarios = ['rates', 'outage', 'every10th429', 'fairShare'] as const;
export type LimitScenario = (typeof limitScenarios)[number];

const perMinute = 600;

export async function benchLimits(options: {
  only: LimitScenario[];
  /** Of `every10th429`. */
  calls: number;
  minutes: number;
  json: boolean;
}): Promise<void> {
  const { only, calls, minutes } = options;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-bench-limits-'));
  const report: Record<string, unknown> = {
    cores: os.availableParallelism(),
    node: process.version,
    loadAtStart: os.loadavg()[0],
  };
  const scenarios: Record<LimitScenario, () => Promise<unknown>> = {
    rates: () => rates({ folder, minutes }),
    outage: () => outage({ folder, calls: 1_200, perMinute, workers: 2 }),
    every10th429: () => every10th429({ folder, calls }),
    fairShare: () => fairShare({ folder, calls: 100, besideCalls: 20_000, perMinute: 2 * perMinute }),
  };
  try {
    for (const name of only) {
      report[name] = await scenarios[name]();
      process.stderr.write(`${name}: ${JSON.stringify(report[name])}\n`);
    }
    report.loadAtEnd = os.loadavg()[0];
    process.stdout.write(`${JSON.stringify(report, null, options.json ? 0 : 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rates({ folder, minutes }: { folder: string; minutes: number }): Promise<HeldRate[]> {
  const held: HeldRate[] = [];
  for (const workers of [1, 2, 4]) {
    held.push(await heldRate({ folder, workers, limit: 'requestsPerMinute', perMinute, minutes }));
  }
  // About a thousand tokens a call: prompts with three tasks, answers with four.
  const tokens = { limit: 'tokensPerMinute', perMinute: 600_000 } as const;
  held.push(await heldRate({ folder, workers: 2, ...tokens, minutes }));
  return held;
}
