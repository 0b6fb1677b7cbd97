import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { VerifyReport } from '../../client/verify.js';
import { packageRoot } from '../../workers/folders.js';
import { connectClient } from '../../workers/temporal-connection.js';
import { readHistories } from './histories.js';
import { concurrency, type Measurement, seedsFile } from './measurement.js';
import { UsageSampler } from './usage.js';
import { inWorkplace, type Workplace } from './workplace.js';

const runId = 'bench';

/**
 * A run of one round with all the calls, started by the compiled command line and made by the compiled worker. It goes
 * on to its end, dataset and accounts included; what is timed is its shards, from the start of the first to the end of
 * the last: prompts, keys, ledger, request, parsing, store and the compaction of each shard.
 */
export async function measureSeedmill(options: {
  calls: number;
  teacher: { url: string; pid: number };
  /** For the server's files and the store's. */
  folder: string;
}): Promise<Measurement> {
  const { calls, teacher, folder } = options;
  return await inWorkplace(folder, async (place) => {
    const recipe = path.join(path.dirname(place.stateDir), 'recipe.yaml');
    await writeFile(recipe, stringify(recipeOf(calls, teacher.url)));
    await start(place, recipe);
    const server = await place.pidOf('temporal');
    const worker = await place.pidOf('worker');
    const sampler = UsageSampler.start({ server, worker, teacher: teacher.pid });
    const client = await connectClient(place.target);
    try {
      await client.workflow.getHandle(runId).result();
      await sampler?.stop();
      const { fromMs, toMs, history } = await readHistories({ client, calls, calling: 'callShard' });
      const seconds = (toMs - fromMs) / 1_000;
      const whole = await client.workflow.getHandle(runId).describe();
      return {
        name: 'seedmill',
        calls,
        seconds,
        callsPerSecond: calls / seconds,
        history,
        usage: sampler?.between(fromMs, toMs) ?? null,
        run: {
          ...(await verify(place, runId)),
          wholeSeconds: ((whole.closeTime?.getTime() ?? Number.NaN) - whole.startTime.getTime()) / 1_000,
        },
      };
    } finally {
      await client.connection.close();
    }
  });
}

function recipeOf(calls: number, baseUrl: string) {
  return {
    name: 'bench',
    method: 'self-instruct',
    // More than the calls can give, so that the one round makes all of them.
    target: 10_000_000,
    seeds: seedsFile,
    teacher: {
      endpoint: 'openai',
      model: 'bench',
      baseUrl,
      form: 'completion',
      concurrency,
      price: { inputUsdPerMTok: 0.15, outputUsdPerMTok: 0.6 },
    },
    generation: { prompts: 'one-call', callsPerRound: calls },
    stop: { maxRounds: 1 },
  };
}

/** Runs a command of the compiled command line; its exit code is part of what it says. */
export async function seedmill({ stateDir, storeUrl, env }: Workplace, args: string[]) {
  const main = path.join(packageRoot, 'dist', 'client', 'main.js');
  const all = [main, ...args, '--state-dir', stateDir, '--store', storeUrl];
  return await execa(process.execPath, all, { cwd: packageRoot, env, extendEnv: false, reject: false });
}

async function start(place: Workplace, recipe: string): Promise<void> {
  const { exitCode, stderr } = await seedmill(place, ['start', recipe, '--id', runId]);
  if (exitCode !== 0) throw new Error(`seedmill start: ${stderr}`);
}

/** Counts and cents recomputed from the store. */
export async function verify(
  place: Workplace,
  runId: string,
): Promise<{ accepted: number; verified: boolean; answered: number }> {
  const { stdout, stderr } = await seedmill(place, ['verify', runId, '--json']);
  const line = stdout.split('\n').at(-1);
  if (!line) throw new Error(`seedmill verify: ${stderr}`);
  const { ok, candidates, calls } = JSON.parse(line) as VerifyReport;
  return { accepted: candidates.accepted, verified: ok, answered: calls.answered };
}
