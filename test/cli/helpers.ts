/** What the tests of the command line share: a project with a teacher, datasets, and tasks a few at a time. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StatusReport } from '../../client/status.js';
import { connectClient, plainTarget } from '../../workers/temporal-connection.js';
import { OpenAiServer, type OpenAiServerOptions } from '../openai-server.js';
import { untilQuiet } from '../quiet-run.js';
import { type FolderParts, ProjectFolder } from './project-folder.js';

export { until } from '../until.js';
export { type Command, type Ended, ended, killCommand, onlyJson } from './project-folder.js';

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

/** A project with `smallRecipe` and a scripted teacher in this process. */
export class Project extends ProjectFolder {
  readonly teacher: OpenAiServer;

  private constructor(parts: FolderParts, teacher: OpenAiServer) {
    super(parts);
    this.teacher = teacher;
  }

  static async create(options: ProjectOptions = {}): Promise<Project> {
    const teacher = await OpenAiServer.start(options.teacher);
    const env = { OPENAI_BASE_URL: teacher.baseUrl, ...options.env };
    const project = new Project(await ProjectFolder.prepare({ env }), teacher);
    await project.writeRecipe(options.recipe);
    return project;
  }

  override async writeRecipe(changes: Record<string, unknown> = {}, name?: string): Promise<void> {
    await super.writeRecipe({ ...smallRecipe, ...changes }, name);
  }

  /** Waits until a paused run makes no call any more. */
  async untilQuiet(runId: string): Promise<void> {
    const server = (await this.processes()).find(({ name }) => name === 'temporal');
    assert.ok(server);
    const address = `127.0.0.1:${server.ports.grpc}`;
    const client = await connectClient(
      plainTarget({ address, namespace: 'default', uiUrl: null, origin: 'own' }),
    );
    try {
      await untilQuiet(client, runId);
    } finally {
      await client.connection.close();
    }
  }

  override async stop(): Promise<void> {
    try {
      await super.stop();
    } finally {
      await this.teacher.stop();
    }
  }
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
