import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenAiServer } from '../../test/openai-server.js';
import { inWorkplace } from '../throughput/workplace.js';
import { startRun, startTeacher, withWorkers } from './limited-run.js';
import { minuteMs, mostInMinute } from './windows.js';

export interface HeldRate {
  workers: number;
  limit: 'requestsPerMinute' | 'tokensPerMinute';
  perMinute: number;
  /** The most that the teacher received in any 60 seconds after the first minute. */
  mostInMinute: number;
  ratio: number;
  /** Mean after the first minute: how much of what is allowed is used. */
  used: number;
}

/** A run under one limit, with more calls than the time allows, for so many minutes. */
export async function heldRate(options: {
  folder: string;
  workers: number;
  limit: HeldRate['limit'];
  perMinute: number;
  minutes: number;
}): Promise<HeldRate> {
  const { folder, workers, limit, perMinute, minutes } = options;
  const teacher = await startTeacher();
  try {
    await inWorkplace(folder, async (place) => {
      await startRun(place, { id: 'limited', calls: 20_000, teacher, settings: { [limit]: perMinute } });
      await withWorkers(place, {
        more: workers - 1,
        runId: 'limited',
        work: () => sleep(minutes * minuteMs),
      });
    });
    const amounts = received(teacher, limit);
    const fromMs = (amounts[0]?.atMs ?? 0) + minuteMs;
    const toMs = (amounts[0]?.atMs ?? 0) + minutes * minuteMs;
    const late = amounts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    const sum = late.reduce((total, { amount }) => total + amount, 0);
    const most = mostInMinute(amounts, fromMs);
    return {
      workers,
      limit,
      perMinute,
      mostInMinute: most,
      ratio: most / perMinute,
      used: sum / (toMs - fromMs) / (perMinute / minuteMs),
    };
  } finally {
    await teacher.stop();
  }
}

function received({ requests }: OpenAiServer, limit: HeldRate['limit']) {
  return requests.map(({ atMs, billed }) => ({
    atMs,
    amount: limit === 'requestsPerMinute' ? 1 : (billed?.promptTokens ?? 0) + (billed?.completionTokens ?? 0),
  }));
}
