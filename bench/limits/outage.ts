import { verify } from '../throughput/measure-seedmill.js';
import { inWorkplace } from '../throughput/workplace.js';
import { startRun, startTeacher, untilEnd, withWorkers } from './limited-run.js';
import { minuteMs, mostInMinute } from './windows.js';

export interface Outage {
  calls: number;
  perMinute: number;
  workers: number;
  /** While nothing but 429 is answered. */
  requestsDuring: number;
  /** From recovery to the first answer. */
  firstAnswerAfterMs: number;
  /** The longest time after recovery in which no request was answered. */
  longestSilenceMs: number;
  /** The most in any 60 seconds after the first minute, to the limit. */
  ratio: number;
  rowsLost: number;
  verified: boolean;
}

/** Answers for a while, then nothing but 429 for a minute, then recovery, under a limit in requests per minute. */
export async function outage(options: {
  folder: string;
  calls: number;
  perMinute: number;
  workers: number;
}): Promise<Outage> {
  const { folder, calls, perMinute, workers } = options;
  let startMs = Number.POSITIVE_INFINITY;
  const [fromMs, toMs] = [20_000, 20_000 + minuteMs];
  const teacher = await startTeacher(() => {
    startMs = Math.min(startMs, Date.now());
    const atMs = Date.now() - startMs;
    return atMs >= fromMs && atMs < toMs ? { status: 429 } : undefined;
  });
  try {
    const checked = await inWorkplace(folder, async (place) => {
      await startRun(place, { id: 'run', calls, teacher, settings: { requestsPerMinute: perMinute } });
      await withWorkers(place, {
        more: workers - 1,
        runId: 'run',
        work: () => untilEnd(place, 'run'),
      });
      return await verify(place, 'run');
    });
    const log = teacher.requests.map(({ atMs, status }) => ({ atMs: atMs - startMs, status, amount: 1 }));
    const after = log.filter(({ atMs, status }) => atMs >= toMs && status === 200).map(({ atMs }) => atMs);
    const gaps = after.map((atMs, n) => atMs - (after[n - 1] ?? toMs));
    return {
      calls,
      perMinute,
      workers,
      requestsDuring: log.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length,
      firstAnswerAfterMs: (after[0] ?? Number.NaN) - toMs,
      longestSilenceMs: Math.max(...gaps),
      ratio: mostInMinute(log, minuteMs) / perMinute,
      rowsLost: calls - checked.answered,
      verified: checked.verified,
    };
  } finally {
    await teacher.stop();
  }
}
