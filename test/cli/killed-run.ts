/** A run through the command line whose parts are killed with SIGKILL at chosen moments, and what must hold after it. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import type { ScriptRequest } from '../openai-server.js';
import { assertLedgerHolds, assertNothingAskedAgain, type Snapshot, snapshot } from './accounts.js';
import { type Dataset, ended, killCommand, onlyJson, Project, readDataset, until } from './helpers.js';

export type Victim = 'the command' | 'the server' | 'the worker' | 'everything';

/** The nth request of a phase, counted over the whole run; or when the dataset's first file is there. */
export type Moment = { phase: 'instructions' | 'answers'; nth: number } | 'export';

/** Services are killed only while the first command lives, which starts them again; later ones may still be starting. */
export interface Kill {
  what: Victim;
  when: Moment;
  /** Done before the same command is given again. */
  meanwhile?: (project: Project) => Promise<void>;
}

const teacher = { latencyMs: 60 };

/**
 * Gives the command, kills, gives it again where it died itself, until it ends. Returns the dataset, once the run has
 * finished, paid nothing twice, and everything adds up.
 */
export async function killedRun(kills: Kill[]): Promise<Dataset> {
  const project = await Project.create({ teacher });
  try {
    const snapshots: Snapshot[] = [];
    const result = await runThrough(project, kills, snapshots);
    assert.equal(result.code, 0, result.stderr);
    const status = onlyJson<StatusReport>(result);
    assert.equal(status.state, 'finished');
    assertNothingAskedAgain(project.teacher.requests, snapshots);
    await assertLedgerHolds(project, status);
    const { ok, problems } = await project.json<VerifyReport>(['verify', status.runId]);
    assert.deepEqual([ok, problems], [true, []]);
    return await readDataset(status);
  } finally {
    await project.stop();
  }
}

async function runThrough(project: Project, kills: Kill[], snapshots: Snapshot[]) {
  const reached = momentsOf(project);
  const start = () => project.spawn(['run', 'recipe.yaml', '--json']);
  let running = start();
  for (const { what, when, meanwhile } of kills) {
    const tooEarly = running.then(({ stderr }) => {
      throw new Error(`the command ended before ${JSON.stringify(when)}: ${stderr}`);
    });
    tooEarly.catch(() => {});
    await Promise.race([reached(when), tooEarly]);
    const isOver = what === 'the command' || what === 'everything';
    await Promise.all([
      ...(isOver ? [killCommand(running)] : []),
      ...(what === 'everything' ? [project.killServices()] : []),
      ...(what === 'the server' ? [project.killServices('temporal')] : []),
      ...(what === 'the worker' ? [project.killServices('worker')] : []),
    ]);
    snapshots.push(await snapshot(project));
    await meanwhile?.(project);
    if (isOver) running = start();
  }
  return ended(await running);
}

function momentsOf(project: Project): (when: Moment) => Promise<void> {
  const seen = { instructions: 0, answers: 0 };
  project.teacher.fault = (request) => {
    seen[phaseOf(request)] += 1;
    return undefined;
  };
  return async (when) => {
    if (when === 'export') await until(async () => (await datasetFiles(project)).includes('train.jsonl'));
    else await until(() => seen[when.phase] >= when.nth);
  };
}

function phaseOf({ prompt }: ScriptRequest): 'instructions' | 'answers' {
  return /Task \d+:\s*$/.test(prompt) ? 'instructions' : 'answers';
}

async function datasetFiles(project: Project): Promise<string[]> {
  const runs = await readdir(project.storeDir);
  const files = runs.map((run) => readdir(path.join(project.storeDir, run, 'dataset')).catch(() => []));
  return (await Promise.all(files)).flat();
}

/** Puts the server's database into another folder, in place of one that is there. Nobody may have it open. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const databases = async (folder: string) =>
    (await readdir(folder)).filter((name) => name.startsWith('temporal.db'));
  await mkdir(to, { recursive: true });
  for (const name of await databases(to)) await rm(path.join(to, name));
  const names = await databases(from);
  assert.ok(names.includes('temporal.db'), `${from} has no database`);
  for (const name of names) await cp(path.join(from, name), path.join(to, name));
}
