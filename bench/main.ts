/**
 * The benchmarks: `npm run bench -- throughput --json`. Each has a folder of its own; this file only wires them.
 * Progress goes to standard error, results to standard output.
 */
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { benchChaos, type ChaosOptions } from './chaos/chaos.js';
import { benchDeita, type DeitaBenchOptions } from './deita/deita.js';
import { type PeerName, peerNames } from './deita/peers.js';
import { benchLimits, type LimitScenario, limitScenarios } from './limits/limits.js';
import { packageRoot } from '../workers/folders.js';
import { benchReport, type ReportBenchOptions } from './report/report.js';
import { benchCosine, type CosineOptions } from './similarity/cosine.js';
import { benchFilter, type FilterBenchOptions } from './similarity/filter.js';
import { vectorKinds } from './similarity/vectors.js';
import { type MeasuredName, measuredNames } from './throughput/measurement.js';
import { benchSkillMix, type SkillMixBenchOptions } from './skillmix/skillmix.js';
import { benchThroughput } from './throughput/throughput.js';
import { benchTrainer, type TrainerBenchOptions } from './trainer/trainer.js';

const program = new Command('bench').description('Measures what docs/benchmarks.md quotes');

program
  .command('throughput')
  .description('teacher calls per second: an empty Temporal loop, one that asks the teacher, a seedmill run')
  .option('--calls <numbers>', 'calls of each, comma-separated for several goes', counts, [2_000, 20_000])
  .addOption(
    new Option('--only <names...>', 'leave the others out')
      .choices(measuredNames)
      .default([...measuredNames]),
  )
  .option('--json', 'print one JSON object instead of tables', false)
  .action((options: { calls: number[]; only: MeasuredName[]; json: boolean }) => benchThroughput(options));

program
  .command('limits')
  .description(
    'what a teacher receives: rates held by 1, 2 and 4 workers, a minute of 429s, every 10th a 429, two runs',
  )
  .option('--calls <number>', 'calls of every10th429', (text) => counts(text)[0] as number, 20_000)
  .option('--minutes <number>', 'how long each rate is measured, the first minute included', Number, 2.5)
  .addOption(
    new Option('--only <names...>', 'leave the others out')
      .choices(limitScenarios)
      .default([...limitScenarios]),
  )
  .option('--json', 'print one JSON object on one line', false)
  .action((options: { only: LimitScenario[]; calls: number; minutes: number; json: boolean }) =>
    benchLimits(options),
  );

program
  .command('chaos')
  .description(
    'a run whose processes are killed and stopped, beside the same run left alone; 1 when they differ',
  )
  .option('--calls <number>', 'calls of the run, about', whole(1), 2_000)
  .option('--kills <number>', 'processes that are killed', whole(0), 8)
  .option('--stops <number>', 'processes that are stopped for a while', whole(0), 2)
  .option('--stop-seconds <number>', 'how long', whole(1), 30)
  .option('--seed <number>', 'of the run, and of what is killed when', whole(0), 1)
  .option('--json', 'print one JSON object on one line', false)
  .action(async (options: ChaosOptions) => {
    process.exitCode = await benchChaos(options);
  });

program
  .command('skillmix')
  .description(
    'a planned run of SkillMix with shirkers and a gate, worker and server killed; 1 when something is lost or the plan is off',
  )
  .option('--examples <number>', 'accepted examples of the run', whole(1), 4_000)
  .option('--pilot <number>', 'those of the run before it, which the plan learns from', whole(1), 60)
  .option('--kills <number>', 'the worker’s and the server’s process group, in turn', whole(0), 2)
  .option('--seed <number>', 'of the run', whole(0), 1)
  .option('--json', 'print one JSON object on one line', false)
  .action(async (options: SkillMixBenchOptions) => {
    process.exitCode = await benchSkillMix(options);
  });

function whole(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= least && number <= 100_000) return number;
    throw new InvalidArgumentError(`give a whole number from ${least} to 100000`);
  };
}

program
  .command('similarity')
  .description(
    'greedy filtering by ROUGE-L, with rouge_score and rapidfuzz beside it; 1 when a verdict differs',
  )
  .option('--n <numbers>', 'how many texts, comma-separated', counts, [2_000, 20_000, 200_000, 1_000_000])
  .option('--threshold <numbers>', 'comma-separated', thresholds, [0.7, 0.85])
  .option('--in <files...>', 'real texts that are varied: JSON Lines or JSON arrays', [
    path.join(packageRoot, 'recipes', 'seeds.jsonl'),
  ])
  .option('--field <name>', 'of the text', 'instruction')
  .option('--threads <number>', 'of the filter; else as many as `seedmill dedupe` would use', whole(1))
  .option('--json', 'print one JSON object on one line', false)
  .action(async (options: FilterBenchOptions) => {
    process.exitCode = await benchFilter(options);
  });

function thresholds(text: string): number[] {
  return text.split(',').map((part) => {
    const number = Number(part);
    if (part.trim() !== '' && number >= 0 && number <= 1) return number;
    throw new InvalidArgumentError('give numbers from 0 to 1, for example 0.7,0.85');
  });
}

program
  .command('cosine')
  .description('vectors per second through the cosine index, made-up ones, and through plain NumPy')
  .option('--n <numbers>', 'how many vectors, comma-separated for several goes', counts, [20_000])
  .option('--d <number>', 'components of a vector', (text) => counts(text)[0] as number, 384)
  .option('--threshold <numbers>', 'comma-separated', cosines, [0.7, 0.9])
  .option('--python <path>', 'an interpreter that has NumPy, to compare with')
  .option('--json', 'print one JSON object', false)
  .action((options: CosineOptions) => benchCosine(options));

program
  .command('deita')
  .description(
    '`seedmill select` on made-up vectors, and others that select from the same; 1 when NumPy’s or the authors’ picks differ',
  )
  .option(
    '--n <numbers>',
    'how many rows, comma-separated for several goes',
    counts,
    [10_000, 20_000, 100_000, 300_000],
  )
  .option('--d <numbers>', 'components of a vector, comma-separated', counts, [384, 768])
  .option('--size <number>', 'rows to select', whole(1), 6_000)
  .option('--tau <number>', 'cosine', (text) => thresholds(text)[0] as number, 0.9)
  .addOption(new Option('--data <kinds...>', 'kinds of vectors').choices(vectorKinds).default(['clustered']))
  .option('--repeat <number>', 'goes of seedmill and NumPy, in turn; the fastest counts', whole(1), 3)
  .addOption(
    new Option('--peers <names...>', 'who selects beside seedmill and NumPy, once')
      .choices([...peerNames, 'none'])
      .default([...peerNames]),
  )
  .option('--peer-seconds <number>', 'after which a peer is ended', whole(1), 150)
  .option('--peer-gb <number>', 'memory that a peer gets', whole(1), 12)
  .option(
    '--one-thread',
    'for NumPy and the peers: on a busy machine processor time is comparable then',
    false,
  )
  .option('--baselines', 'time the other rules of `seedmill select --by` too', false)
  .option('--json', 'print one JSON object on one line', false)
  .action(
    async ({ peers, ...options }: Omit<DeitaBenchOptions, 'peers'> & { peers: (PeerName | 'none')[] }) => {
      const asked = peers.filter((name) => name !== 'none');
      process.exitCode = await benchDeita({ ...options, peers: asked });
    },
  );

program
  .command('trainer')
  .description(
    'tokens per second of the student’s training and of a plain transformers loop on the same rows',
  )
  .requiredOption('--in <file>', 'rows to train on: Alpaca’s or Self-Instruct’s')
  .option('--rows <number>', 'how many of them', whole(8), 64)
  .option('--repeat <number>', 'goes of each, in turn; the fastest counts', whole(1), 3)
  .option('--model <name>', 'as `student.model` (default: smollm2-135m)')
  .option('--json', 'print one JSON object on one line', false)
  .action(async (options: TrainerBenchOptions) => {
    process.exitCode = await benchTrainer(options);
  });

program
  .command('report')
  .description('time and memory of the report of a large run, made up for it')
  .option('--candidates <numbers>', 'comma-separated for several goes', counts, [200_000, 1_000_000])
  .option('--per-round <number>', 'candidates of a round', whole(16), 2_000)
  .option('--json', 'print one JSON object on one line', false)
  .action((options: ReportBenchOptions) => benchReport(options));

function cosines(text: string): number[] {
  return text.split(',').map((part) => {
    const number = Number(part);
    if (part.trim() !== '' && number >= -1 && number <= 1) return number;
    throw new InvalidArgumentError('give numbers from -1 to 1, for example 0.7,0.9');
  });
}

function counts(text: string): number[] {
  return text.split(',').map((part) => {
    const number = Number(part);
    if (Number.isInteger(number) && number >= 1 && number <= 1_000_000) return number;
    throw new InvalidArgumentError('give whole numbers from 1 to 1000000, for example 2000,20000');
  });
}

await program.parseAsync();
