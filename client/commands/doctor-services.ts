/** What `doctor` looks at among the services: which would be used, and where it would come from. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { stateFiles } from '../../workers/folders.js';
import { ownedProcesses } from '../../workers/processes.js';
import { completeEnvironments } from '../../workers/python-environment.js';
import { findUv, interpreters, isSupported } from '../../workers/python-interpreter.js';
import { messageOf } from '../../workers/service-error.js';
import { findTemporalBinary, pinnedVersion } from '../../workers/temporal-binary.js';
import { connectClient, probe } from '../../workers/temporal-connection.js';
import { preferredPort } from '../../workers/ports.js';
import { findTemporal, whyThisOne } from '../../workers/temporal-server.js';
import type { Check } from './doctor-machine.js';

const say = () => {};

export async function checkTemporal({
  stateDir,
  cache,
}: {
  stateDir: string;
  cache: string;
}): Promise<Check[]> {
  const name = 'Temporal';
  try {
    const target = await findTemporal({ stateDir, say, env: process.env });
    if (target === null) return [await whereItWouldComeFrom(cache), await checkPort()];
    const { connection } = await connectClient(target, 5_000);
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    await connection.close();
    const ui = target.uiUrl === null ? '' : `, UI ${target.uiUrl}`;
    const detail = `server ${serverVersion} at ${target.address} (${whyThisOne(target)})${ui}`;
    const foreign: Check = {
      name: 'Temporal settings',
      status: 'note',
      detail: 'this server is used as it is: its retention and its partitions per queue are not ours to set',
      advice: 'for exact rate limits set matching.numTaskqueueReadPartitions and …WritePartitions to 1',
    };
    return [{ name, status: 'ok', detail }, ...(target.origin === 'own' ? [] : [foreign])];
  } catch (error) {
    return [{ name, status: 'missing', detail: messageOf(error) }];
  }
}

async function whereItWouldComeFrom(cache: string): Promise<Check> {
  const name = 'Temporal';
  const binary = await findTemporalBinary({ say, cache });
  if (binary !== null) {
    const detail = `not running; server ${binary.serverVersion} would be started from ${binary.path} (${binary.source})`;
    return { name, status: 'ok', detail };
  }
  const go = await execa('go', ['version'], { reject: false });
  const ways = go.exitCode === 0 ? `downloaded, or else built with ${go.stdout.split(' ')[2]}` : 'downloaded';
  return {
    name,
    status: 'note',
    detail: `not running and not on this machine; CLI ${pinnedVersion} would be ${ways} at the next start`,
    ...(go.exitCode !== 0 && {
      advice: 'where its download site is blocked: install the Temporal CLI or Go',
    }),
  };
}

async function checkPort(): Promise<Check> {
  const name = 'Port';
  const port = preferredPort(process.env);
  const isTaken = (await probe(`127.0.0.1:${port}`)) !== 'nothing';
  return isTaken
    ? { name, status: 'note', detail: `${port} is in use by something else; Temporal would get another port` }
    : { name, status: 'ok', detail: `${port} is free for Temporal` };
}

export async function checkPython(cache: string): Promise<Check[]> {
  const found = await interpreters(process.env);
  const suitable = found.find(isSupported);
  const others = found.map(({ version }) => version).join(', ') || 'none';
  const python: Check = suitable
    ? { name: 'Python', status: 'ok', detail: `${suitable.version} (${suitable.path})` }
    : {
        name: 'Python',
        status: 'missing',
        detail: `3.11 to 3.14 is needed for the local teacher and the student; found: ${others}`,
        advice: 'install one; a recipe with a remote teacher and `signal: none` goes without',
      };
  const uv = await findUv(cache, process.env);
  const environments = await completeEnvironments(cache);
  return [
    python,
    { name: 'uv', status: 'ok', detail: uv ?? 'not there; it would be installed into the cache folder' },
    ...environments.map(({ folder, stamp }): Check => {
      const files = Object.keys(stamp.files).map((file) => file.replace(/\.txt$/, ''));
      return { name: 'Python packages', status: 'ok', detail: `${files.join(', ')} in ${folder}` };
    }),
  ];
}

export async function checkTeacher(stateDir: string): Promise<Check[]> {
  const name = 'Teacher';
  const { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: key } = process.env;
  const remote = `OPENAI_BASE_URL ${baseUrl ? withoutCredentials(baseUrl) : 'not set'}, OPENAI_API_KEY ${key ? 'set' : 'not set'}`;
  const running = (await ownedProcesses(stateDir, say)).some(
    (owned) => owned.name === 'teacher' && owned.alive,
  );
  if (!running) return [{ name, status: 'ok', detail: `${remote}; the local teacher does not run` }];
  try {
    const teacher = JSON.parse(await readFile(stateFiles(stateDir).teacher, 'utf8'));
    return [{ name, status: 'ok', detail: `${remote}; local: ${teacher.model} at ${teacher.baseUrl}` }];
  } catch (error) {
    return [{ name, status: 'note', detail: `${remote}; local: running, but ${messageOf(error)}` }];
  }
}

function withoutCredentials(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'is not a URL';
}

export async function listProcesses(stateDir: string, report: (line: string) => void) {
  const owned = await ownedProcesses(stateDir, report);
  return owned.map(({ name, pid, alive, ports, log, command }) => ({
    ...{ name, pid, state: alive ? 'running' : 'not running', ports, log, command },
  }));
}
