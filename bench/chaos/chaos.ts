/** `npm run bench -- chaos`: the same run twice, left alone and killed again and again, and what must hold after it. */
import os from 'node:os';
import { type Disturbance, drawDisturbances } from './disturbances.js';
import { figuresOf, haveSameBytes, type RunFigures, rowsLost } from './judge.js';
import { type LivedRun, liveThrough } from './live-through.js';
import { chaosRecipe } from './recipe.js';

export interface ChaosOptions {
  /** Planned calls of the run, about. */
  calls: number;
  kills: number;
  stops: number;
  seed: number;
  stopSeconds: number;
  json: boolean;
}

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Returns the exit code: 1 when anything does not hold; then the projects' folders are kept. */
export async function benchChaos(options: ChaosOptions): Promise<number> {
  const { calls, kills, stops, seed, stopSeconds, json } = options;
  const recipe = chaosRecipe({ calls, seed });
  const live = (disturbances: readonly Disturbance[]) =>
    liveThrough({ recipe, seed, disturbances, stopMs: stopSeconds * 1_000, say });

  say('undisturbed');
  const calm = await live([]);
  const calmFigures = figuresOf(calm);
  say(describe(calmFigures));
  say('disturbed');
  const requests = calm.requests.length;
  const disturbed = await live(drawDisturbances({ seed, kills, stops, requests }));
  const figures = figuresOf(disturbed);
  say(describe(figures));

  const report = reportOf({ options, calm, calmFigures, disturbed, figures });
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, null, 2)}\n`);
  if (report.problems.length === 0) {
    await Promise.all([calm.remove(), disturbed.remove()]);
    return 0;
  }
  for (const problem of report.problems) say(`! ${problem}`);
  say(`kept: ${calm.folder} (undisturbed), ${disturbed.folder} (disturbed)`);
  return 1;
}

function reportOf(made: {
  options: ChaosOptions;
  calm: LivedRun;
  calmFigures: RunFigures;
  disturbed: LivedRun;
  figures: RunFigures;
}) {
  const { options, calm, calmFigures, disturbed, figures } = made;
  const { problems, ...measured } = figures;
  const lost = rowsLost(calm, disturbed);
  const sameBytes = haveSameBytes(calm, disturbed);
  const count = (how: 'kill' | 'stop') => disturbed.blows.filter((blow) => blow.how === how).length;
  return {
    cores: os.availableParallelism(),
    node: process.version,
    seed: options.seed,
    kills: count('kill'),
    stops: count('stop'),
    stopSeconds: options.stopSeconds,
    rowsLost: lost,
    ...measured,
    sameBytes,
    examples: calm.acceptedIds.length,
    commandGivenAgain: disturbed.commandAgain,
    blows: disturbed.blows.map(({ inFlight, ...blow }) => ({ ...blow, inFlight: inFlight.length })),
    undisturbed: calmFigures,
    problems: [
      ...calmFigures.problems.map((problem) => `undisturbed: ${problem}`),
      ...problems,
      ...(lost === 0 ? [] : [`${lost} rows are lost`]),
      ...(sameBytes ? [] : ['the dataset differs from the undisturbed run’s']),
    ],
  };
}

function describe({ seconds, plannedCalls, requests, duplicates, problems }: RunFigures): string {
  const end = `${plannedCalls} calls in ${seconds.toFixed(1)} s, ${requests} requests, ${duplicates} duplicates`;
  return [end, ...problems.map((problem) => `! ${problem}`)].join('\n');
}
