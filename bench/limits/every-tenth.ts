import type { FaultRule } from '../../test/openai-server.js';
import { verify } from '../throughput/measure-seedmill.js';
import { inWorkplace } from '../throughput/workplace.js';
import { startRun, startTeacher, untilEnd } from './limited-run.js';

export interface EveryTenth {
  calls: number;
  secondsWithout: number;
  secondsWith: number;
  ratio: number;
  mostInFlightWith: number;
  verified: boolean;
}

const everyTenth: FaultRule = (_request, { index }) =>
  index % 10 === 9 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;

/** The same calls without trouble, and with a 429 and Retry-After 1 at every tenth request. */
export async function every10th429(options: { folder: string; calls: number }): Promise<EveryTenth> {
  const { calls } = options;
  const without = await timed(options);
  const with429 = await timed({ ...options, fault: everyTenth });
  return {
    calls,
    secondsWithout: without.seconds,
    secondsWith: with429.seconds,
    ratio: with429.seconds / without.seconds,
    mostInFlightWith: with429.mostInFlight,
    verified: without.verified && with429.verified,
  };
}

/** From the first request to the last, as the teacher sees it. */
async function timed({ folder, calls, fault }: { folder: string; calls: number; fault?: FaultRule }) {
  const teacher = await startTeacher(fault);
  try {
    const { verified } = await inWorkplace(folder, async (place) => {
      await startRun(place, { id: 'run', calls, teacher, settings: { concurrency: 200 } });
      await untilEnd(place, 'run');
      return await verify(place, 'run');
    });
    const times = teacher.requests.map(({ atMs }) => atMs);
    const seconds = ((times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN)) / 1_000;
    return { seconds, mostInFlight: teacher.mostInFlight, verified };
  } finally {
    await teacher.stop();
  }
}
