/** The local teacher: llama.cpp behind an OpenAI-compatible server on this machine. */
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { fingerprint, hashOfFiles } from './fingerprint.js';
import { packageRoot, stateFiles } from './folders.js';
import { freePort } from './ports.js';
import { type OwnedProcess, ownLog } from './processes.js';
import { pythonChildEnvironment } from './python-environment.js';
import type { Service } from './service.js';
import { ServiceError } from './service-error.js';

/** Also the content of `.seedmill/teacher.json`. */
export interface LocalTeacher {
  /** For example `http://127.0.0.1:8081/v1`. */
  baseUrl: string;
  model: string;
  ggufSha256: string;
}

/** The line of JSON that the server prints once it answers. */
const readyLine = z.object({ ready: z.url(), model: z.string(), sha256: z.string() });
const usualPort = 8081;

export async function teacherService(options: {
  python: string;
  gguf?: string;
  env: NodeJS.ProcessEnv;
}): Promise<Service> {
  const { python, gguf, env } = options;
  const models = path.join(packageRoot, 'models');
  const model = gguf === undefined ? ['--bundled'] : ['--gguf', path.resolve(gguf)];
  const args = [path.join(models, 'teacher', 'serve.py'), ...model];
  const build = await hashOfFiles([path.join(models, 'teacher')], ['.py']);
  return {
    name: 'teacher',
    label: 'Local teacher',
    command: python,
    args,
    env: pythonChildEnvironment(withoutKeys(env)),
    fingerprint: fingerprint({ python, args, build }, {}),
    queues: [],
    lastArguments: async ({ before }) => {
      const http = await freePort(before?.ports.http ?? usualPort);
      return { args: ['--port', String(http)], ports: { http } };
    },
    readyWithinMs: 120_000,
    isReady: async (owned) => {
      const { baseUrl } = await teacherOf(owned);
      const { ok } = await fetch(new URL('/health', baseUrl), { signal: AbortSignal.timeout(5_000) });
      return ok;
    },
  };
}

/** A model server on this machine has no use for the keys of others. */
function withoutKeys(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/KEY|TOKEN|SECRET|PASSWORD/i.test(name)));
}

async function teacherOf(owned: OwnedProcess): Promise<LocalTeacher> {
  for (const line of (await ownLog(owned)).split('\n')) {
    if (!line.startsWith('{"ready"')) continue;
    const { ready, model, sha256 } = readyLine.parse(JSON.parse(line));
    return { baseUrl: ready, model, ggufSha256: sha256 };
  }
  throw new ServiceError('it has not said that it is ready');
}

/** Writes `teacher.json`, where workers look up the local teacher's address, and returns its content. */
export async function recordTeacher(stateDir: string, owned: OwnedProcess): Promise<LocalTeacher> {
  const teacher = await teacherOf(owned);
  await writeFileAtomic(stateFiles(stateDir).teacher, `${JSON.stringify(teacher, null, 2)}\n`);
  return teacher;
}
