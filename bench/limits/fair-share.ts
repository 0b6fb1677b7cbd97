import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenAiServer } from '../../test/openai-server.js';
import { inWorkplace } from '../throughput/workplace.js';
import { startRun, startTeacher, untilEnd } from './limited-run.js';

export interface FairShare {
  calls: number;
  besideCalls: number;
  perMinute: number;
  secondsAlone: number;
  secondsBeside: number;
  ratio: number;
}

/** A run of few calls under a limit, alone and beside a run of many at the same endpoint. */
export async function fairShare(options: {
  folder: string;
  calls: number;
  besideCalls: number;
  perMinute: number;
}): Promise<FairShare> {
  const { folder, calls, besideCalls, perMinute } = options;
  const settings = { requestsPerMinute: perMinute };
  const few = async (teacher: OpenAiServer, besides: number) =>
    await inWorkplace(folder, async (place) => {
      if (besides > 0) {
        const busy = { ...settings, concurrency: 200 };
        await startRun(place, { id: 'many', calls: besides, teacher, settings: busy });
        while (requestsOf(teacher, 'many').length < 200) await sleep(100);
      }
      await startRun(place, { id: 'few', calls, teacher, settings });
      await untilEnd(place, 'few');
      const times = requestsOf(teacher, 'few').map(({ atMs }) => atMs);
      return ((times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN)) / 1_000;
    });
  const teacher = await startTeacher();
  const other = await startTeacher();
  try {
    const secondsAlone = await few(teacher, 0);
    const secondsBeside = await few(other, besideCalls);
    return {
      calls,
      besideCalls,
      perMinute,
      secondsAlone,
      secondsBeside,
      ratio: secondsBeside / secondsAlone,
    };
  } finally {
    await teacher.stop();
    await other.stop();
  }
}

function requestsOf({ requests }: OpenAiServer, model: string) {
  return requests.filter((request) => request.model === model);
}
