/** One user's folder for a test: recipe, seeds, store, state folder, scripted teacher; and the CLI as real processes. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { stringify } from 'yaml';
import type { StatusReport } from '../../client/status.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { signalGroup, startTimeOf } from '../../workers/process-table.js';
import { type FoundProcess, ownedProcesses } from '../../workers/processes.js';
import { testPort } from '../global-setup.js';
import { OpenAiServer, type OpenAiServerOptions } from '../openai-server.js';
import { installedCli } from './installation.js';

const seedsOfProject = fileURLToPath(new URL('../../recipes/seeds.jsonl', import.meta.url));

/** What the price of the tests' recipe is, in dollars per million tokens. */
export const price = { inputUsdPerMTok: 0.15, outputUsdPerMTok: 0.6 };

/** Six calls for instructions a round, an answer for each instruction, three rounds or so; no Python. */
export const smallRecipe = {
  name: 'small',
  method: 'sedi',
  target: 40,
  seeds: 'seeds.jsonl',
  teacher: { endpoint: 'openai', model: 'scripted', form: 'completion', concurrency: 4, price },
  generation: { answers: 'direct', callsPerRound: 4 },
  batchSize: 4,
  signal: 'none',
};

export interface ProjectOptions {
  teacher?: OpenAiServerOptions;
  /** Changes of `smallRecipe`'s top-level keys. */
  recipe?: Record<string, unknown>;
  env?: Record<string, string>;
}

/** A command that runs. Await it for its result: nothing is thrown when it fails. */
export type Command = ResultPromise<CommandOptions>;

interface CommandOptions {
  cwd: string;
  env: Record<string, string>;
  extendEnv: false;
  reject: false;
  stdin: 'ignore';
}

export interface Ended {
  code: number | undefined;
  stdout: string;
  stderr: string;
}

export class Project {
  readonly folder: string;
  readonly teacher: OpenAiServer;
  readonly env: Record<string, string>;
  private readonly cli: string;
  private readonly children: Command[] = [];

  private constructor(parts: Pick<Project, 'folder' | 'teacher' | 'env'> & { cli: string }) {
    this.folder = parts.folder;
    this.teacher = parts.teacher;
    this.env = parts.env;
    this.cli = parts.cli;
  }

  static async create(options: ProjectOptions = {}): Promise<Project> {
    const cli = await installedCli();
    const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'seedmill-cli-')));
    await copyFile(seedsOfProject, path.join(folder, 'seeds.jsonl'));
    const teacher = await OpenAiServer.start(options.teacher);
    const env = {
      ...machineEnvironment(),
      OPENAI_BASE_URL: teacher.baseUrl,
      SEEDMILL_TEMPORAL_PORT: String(await testPort()),
      ...options.env,
    };
    const project = new Project({ cli, folder, teacher, env });
    await project.writeRecipe(options.recipe);
    return project;
  }

  get stateDir(): string {
    return path.join(this.folder, '.seedmill');
  }

  get storeDir(): string {
    return path.join(this.folder, 'runs');
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  async writeRecipe(changes: Record<string, unknown> = {}, name = 'recipe.yaml'): Promise<void> {
    await writeFile(this.file(name), stringify({ ...smallRecipe, ...changes }));
  }

  async store(): Promise<Store> {
    return (await openStore(this.storeDir)).store;
  }

  /** Starts a command; await the result, or kill it. */
  spawn(args: string[], env: Record<string, string> = {}): Command {
    const options: CommandOptions = {
      cwd: this.folder,
      env: { ...this.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    };
    const child = execa(process.execPath, [this.cli, ...args], options);
    this.children.push(child);
    return child;
  }

  async run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
    return ended(await this.spawn(args, env));
  }

  /** Runs a command with --json; its last line of output, which must be the only one. Throws unless it ended with 0. */
  async json<T>(args: string[], env: Record<string, string> = {}): Promise<T> {
    const result = await this.run([...args, '--json'], env);
    assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
    return onlyJson<T>(result);
  }

  async processes(): Promise<FoundProcess[]> {
    return await ownedProcesses(this.stateDir, () => {});
  }

  async alive(): Promise<string[]> {
    return (await this.processes()).filter(({ alive }) => alive).map(({ name }) => name);
  }

  /** SIGKILL for the named services, or for all of them; waits until they are gone. */
  async killServices(...names: string[]): Promise<void> {
    const owned = (await this.processes()).filter(
      ({ name, alive }) => alive && (names.length === 0 || names.includes(name)),
    );
    for (const { pid } of owned) signalGroup(pid, 'SIGKILL');
    for (const { pid, startTime } of owned) await untilGone(pid, startTime);
  }

  /** Ends everything that this project started. */
  async stop(): Promise<void> {
    for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL');
    await this.killServices();
    await this.teacher.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** SIGKILL, and waits until the process is gone. */
export async function killCommand(child: Command): Promise<void> {
  child.kill('SIGKILL');
  await child;
}

async function untilGone(pid: number, startTime: string): Promise<void> {
  while ((await startTimeOf(pid)) === startTime) await sleep(10);
}

export function ended(result: { exitCode?: number | undefined; stdout?: unknown; stderr?: unknown }): Ended {
  return { code: result.exitCode, stdout: String(result.stdout ?? ''), stderr: String(result.stderr ?? '') };
}

/** Standard output of a command with --json: one line, one object. */
export function onlyJson<T>({ stdout, stderr }: Ended): T {
  assert.equal(stdout.split('\n').length, 1, `standard output is not one line: ${stdout}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** What the children need of this machine, and nothing of this shell's settings and keys. */
function machineEnvironment(): Record<string, string> {
  const wanted = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'XDG_CACHE_HOME', 'GOPROXY', 'GOFLAGS'];
  return Object.fromEntries(
    [
      ...wanted,
      ...Object.keys(process.env).filter((name) => /^(npm_config|UV|PIP)_|_PROXY$/i.test(name)),
    ].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Waits for a condition; mocha's time limit ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

/** Every file below a folder with its bytes. */
export async function filesBelow(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file)] as const)));
}

export interface Dataset {
  train: string;
  alpaca: string;
  /** Without what may differ between two runs: the run's id and what was paid. */
  lineage: unknown[];
}

export async function readDataset(status: StatusReport): Promise<Dataset> {
  assert.ok(status.dataset, `${status.runId} has no dataset`);
  const text = (name: string) => readFile(path.join(status.dataset as string, name), 'utf8');
  const lineage = (await text('lineage.jsonl'))
    .trim()
    .split('\n')
    .map((line) => {
      const { run: _run, costUsd: _costUsd, ...rest } = JSON.parse(line);
      return rest;
    });
  return { train: await text('train.jsonl'), alpaca: await text('alpaca.json'), lineage };
}

/** Starts tasks in their order, at most `limit` at a time. A failure waits in its promise until somebody asks. */
export function pooled<T>(limit: number, tasks: (() => Promise<T>)[]): Promise<T>[] {
  const waiting: (() => void)[] = [];
  let running = 0;
  return tasks.map((task) => {
    const start = async () => {
      if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      running += 1;
      return await task().finally(() => {
        running -= 1;
        waiting.shift()?.();
      });
    };
    const result = start();
    result.catch(() => {});
    return result;
  });
}
