/** One user's folder: recipe, seeds, store, state folder and ports of its own; and the CLI in it as real processes. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { stringify } from 'yaml';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/types.js';
import { signalGroup, startTimeOf } from '../../workers/process-table.js';
import { type FoundProcess, ownedProcesses } from '../../workers/processes.js';
import { testPort } from '../global-setup.js';
import { installedCli } from './installation.js';

const seedsOfProject = fileURLToPath(new URL('../../recipes/seeds.jsonl', import.meta.url));

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

export interface FolderOptions {
  recipe: Record<string, unknown>;
  /** For every command; the teacher's address, for example. */
  env?: Record<string, string>;
}

/** What a project folder is made of. */
export interface FolderParts {
  folder: string;
  env: Record<string, string>;
  cli: string;
}

export class ProjectFolder {
  readonly folder: string;
  readonly env: Record<string, string>;
  private readonly cli: string;
  private readonly children: Command[] = [];

  protected constructor({ folder, env, cli }: FolderParts) {
    this.folder = folder;
    this.env = env;
    this.cli = cli;
  }

  static async make(options: FolderOptions): Promise<ProjectFolder> {
    const project = new ProjectFolder(await ProjectFolder.prepare(options));
    await project.writeRecipe(options.recipe);
    return project;
  }

  protected static async prepare({ env }: Pick<FolderOptions, 'env'>): Promise<FolderParts> {
    const cli = await installedCli();
    const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'seedmill-cli-')));
    await copyFile(seedsOfProject, path.join(folder, 'seeds.jsonl'));
    const port = { SEEDMILL_TEMPORAL_PORT: String(await testPort()) };
    return { cli, folder, env: { ...machineEnvironment(), ...port, ...env } };
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

  async writeRecipe(recipe: Record<string, unknown>, name = 'recipe.yaml'): Promise<void> {
    await writeFile(this.file(name), stringify(recipe));
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

  /** Ends everything that was started here. */
  async endProcesses(): Promise<void> {
    for (const child of this.children) if (child.exitCode === null) child.kill('SIGKILL');
    await this.killServices();
  }

  /** Ends everything that was started here, and removes the folder. */
  async stop(): Promise<void> {
    await this.endProcesses();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** SIGKILL, and waits until the process is gone. */
export async function killCommand(child: Command): Promise<void> {
  child.kill('SIGKILL');
  await child;
}

/** Waits until a process has ended. */
export async function untilGone(pid: number, startTime: string): Promise<void> {
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
