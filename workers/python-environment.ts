/**
 * Python environments in the user's cache folder, one per content of the requirement files that are needed. Built
 * under a temporary name and stamped when complete, so that nothing ever runs on half of one.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import writeFileAtomic from 'write-file-atomic';
import { cacheFolder, packageRoot } from './folders.js';
import { withLock } from './lock.js';
import { type Interpreter, requirePython, requireUv, uvEnvironment } from './python-interpreter.js';
import { ServiceError } from './service-error.js';

/** `model`: the bundled GGUF. `dev`: tests and checks. `bench`: what benchmarks compare with, in an environment of its own. */
export type PythonSet = 'model' | 'teacher' | 'student' | 'dev' | 'bench';

/** Files below models/requirements; all but the last do not overlap, so any combination of them installs together. */
const requirementFiles: Record<PythonSet, string[]> = {
  model: ['model.txt'],
  teacher: ['teacher.txt'],
  student: ['student.txt', 'torch.txt'],
  dev: ['dev.txt'],
  bench: ['bench.txt'],
};
const torchFile = 'torch.txt';
const cpuIndex = 'https://download.pytorch.org/whl/cpu/';
const stampFile = 'seedmill-complete.json';

interface Stamp {
  /** SHA-256 of each requirement file that is installed. */
  files: Record<string, string>;
  python: string;
  torch: 'cpu' | 'registry' | 'none';
}

export interface PythonEnvironment {
  /** The interpreter inside. */
  python: string;
  folder: string;
}

export interface PythonOptions {
  sets: PythonSet[];
  say: (line: string) => void;
  env?: NodeJS.ProcessEnv;
  /** For tests. */
  cache?: string;
}

/** A complete environment that holds at least these sets; null: `preparePython` would build one. */
export async function findPythonEnvironment(options: PythonOptions): Promise<PythonEnvironment | null> {
  const files = await hashesOf(options.sets);
  for (const { folder, stamp } of await completeEnvironments(options.cache ?? cacheFolder())) {
    const holdsAll = Object.entries(files).every(([name, hash]) => stamp.files[name] === hash);
    const python = interpreterIn(folder);
    // The Python that it was made from may have been removed since.
    if (holdsAll && (await execa(python, ['-c', 'pass'], { reject: false })).exitCode === 0)
      return { python, folder };
  }
  return null;
}

/** Finds or builds an environment with these sets. Throws a ServiceError that says what is missing. */
export async function preparePython(options: PythonOptions): Promise<PythonEnvironment> {
  const found = await findPythonEnvironment(options);
  if (found !== null) return found;
  const { sets, say } = options;
  const env = options.env ?? process.env;
  const cache = options.cache ?? cacheFolder();
  const python = await requirePython(env);
  const uv = await requireUv({ cache, python, say, env });
  const hash = createHash('sha256')
    .update(JSON.stringify([await hashesOf(sets), python]))
    .digest('hex');
  const target = path.join(cache, `${prefix}${[...sets].sort().join('-')}-${hash.slice(0, 12)}`);
  const onWait = () => say('Another seedmill is installing Python packages; waiting for it.');
  return withLock({ target: path.join(cache, 'python'), onWait }, async (lock) => {
    const meanwhile = await findPythonEnvironment(options);
    if (meanwhile !== null) return meanwhile;
    await clearLeftovers(cache);
    const folder = await mkdtemp(path.join(cache, buildingPrefix));
    try {
      const torch = sets.includes('student') ? await chooseTorch(env) : 'none';
      await announce({ sets, torch, python, cache, say });
      await install({ folder, uv, python, sets, torch, say, env: await uvEnvironment(python, env) });
      const stamp: Stamp = { files: await hashesOf(sets), python: python.version, torch };
      // Thousands of files: after a power loss the stamp must not vouch for some that never reached the disk.
      await execa('sync', { reject: false });
      await writeFileAtomic(path.join(folder, stampFile), `${JSON.stringify(stamp, null, 2)}\n`);
      await lock.assertHeld();
      await rm(target, { recursive: true, force: true });
      await rename(folder, target);
      return { python: interpreterIn(target), folder: target };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

const prefix = 'python-';
const buildingPrefix = 'building-python-';

/** The environment for a child that runs Python: with byte code on disk, without delays in its log. */
export function pythonChildEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PYTHONDONTWRITEBYTECODE: _, PYTHONHOME: __, VIRTUAL_ENV: ___, ...rest } = env;
  return { ...rest, PYTHONUNBUFFERED: '1' };
}

/** Complete environments with what they hold, for `doctor` and for finding one. */
export async function completeEnvironments(cache: string): Promise<{ folder: string; stamp: Stamp }[]> {
  const names = await readdir(cache).catch(() => []);
  const found: { folder: string; stamp: Stamp }[] = [];
  for (const name of names.filter((entry) => entry.startsWith(prefix)).sort()) {
    const folder = path.join(cache, name);
    const text = await readFile(path.join(folder, stampFile), 'utf8').catch(() => null);
    if (text !== null) found.push({ folder, stamp: JSON.parse(text) });
  }
  return found;
}

/** Has this machine an NVIDIA GPU with a driver? Returns its name. */
export async function nvidiaGpu(env: NodeJS.ProcessEnv): Promise<string | null> {
  const args = ['--query-gpu=name', '--format=csv,noheader'];
  const { stdout, exitCode } = await execa('nvidia-smi', args, { reject: false, env, timeout: 10_000 });
  return exitCode === 0 ? (String(stdout ?? '').split('\n')[0] ?? null) : null;
}

/** The registry's torch brings CUDA on Linux; without a GPU the far smaller CPU build will do, where it can be had. */
async function chooseTorch(env: NodeJS.ProcessEnv): Promise<'cpu' | 'registry'> {
  if (process.platform !== 'linux' || (await nvidiaGpu(env)) !== null) return 'registry';
  try {
    const { ok } = await fetch(cpuIndex, { method: 'HEAD', signal: AbortSignal.timeout(4_000) });
    return ok ? 'cpu' : 'registry';
  } catch {
    return 'registry';
  }
}

async function announce(options: {
  sets: PythonSet[];
  torch: Stamp['torch'];
  python: Interpreter;
  cache: string;
  say: (line: string) => void;
}): Promise<void> {
  const { sets, torch, python, cache, say } = options;
  const torchMb = torch === 'none' ? 0 : torch === 'registry' && process.platform === 'linux' ? 5_000 : 800;
  const sizesMb = { model: 100, teacher: 130, student: 600, dev: 450, bench: 180 };
  const totalMb = sets.reduce((sum, set) => sum + sizesMb[set], torchMb);
  const build =
    torchMb === 5_000
      ? ' (PyTorch with CUDA: the small CPU build is for machines without a GPU that reach its index)'
      : '';
  say(
    `Installing Python packages for: ${sets.join(', ')}; about ${gigabytes(totalMb)} on disk, once${build}.`,
  );
  say(`  with Python ${python.version} (${python.path}), into ${cache}`);
  const { bavail, bsize } = await statfs(cache);
  const freeMb = (bavail * bsize) / 1e6;
  if (freeMb < totalMb * 1.2) {
    throw new ServiceError(
      `${cache} has ${gigabytes(freeMb)} free; ${gigabytes(totalMb * 1.2)} are needed. Make room there.`,
    );
  }
}

async function install(options: {
  folder: string;
  uv: string;
  python: Interpreter;
  sets: PythonSet[];
  torch: Stamp['torch'];
  say: (line: string) => void;
  env: NodeJS.ProcessEnv;
}): Promise<void> {
  const { folder, uv, python, sets, torch, say, env } = options;
  const run = async (args: string[]) => {
    const result = await execa(uv, args, { reject: false, env, all: true });
    if (result.exitCode === 0) return;
    const tail = String(result.all ?? result.message)
      .trim()
      .split('\n')
      .slice(-15);
    throw new ServiceError(
      [`Python packages could not be installed (uv ${args.slice(0, 2).join(' ')}):`, ...tail].join('\n  '),
    );
  };
  const minutes = minuteByMinute(say);
  try {
    await run(['venv', '--quiet', '--allow-existing', '--relocatable', '--python', python.path, folder]);
    const into = [
      'pip',
      'install',
      '--quiet',
      '--python',
      interpreterIn(folder),
      '--no-deps',
      '--compile-bytecode',
    ];
    const files = namesOf(sets).filter((name) => torch !== 'cpu' || name !== torchFile);
    const hashed = (names: string[]) => [
      ...into,
      '--require-hashes',
      ...names.flatMap((name) => ['-r', requirementsPath(name)]),
    ];
    await run(hashed(files));
    if (torch === 'cpu') await run([...into, '--torch-backend', 'cpu', await pinnedTorch()]);
  } finally {
    clearInterval(minutes);
  }
}

/** The index of CPU builds has other files, so the registry's hashes do not apply there; its version does. */
async function pinnedTorch(): Promise<string> {
  const text = await readFile(requirementsPath(torchFile), 'utf8');
  const pinned = /^torch==[^\s;]+/m.exec(text)?.[0];
  if (pinned === undefined) throw new ServiceError(`${requirementsPath(torchFile)} does not pin torch`);
  return pinned;
}

function minuteByMinute(say: (line: string) => void): NodeJS.Timeout {
  const started = Date.now();
  return setInterval(
    () => say(`  still installing, ${Math.round((Date.now() - started) / 60_000)} min`),
    60_000,
  );
}

async function clearLeftovers(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  for (const name of await readdir(cache)) {
    if (name.startsWith(buildingPrefix))
      await rm(path.join(cache, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function namesOf(sets: PythonSet[]): string[] {
  return sets.flatMap((set) => requirementFiles[set]);
}

async function hashesOf(sets: PythonSet[]): Promise<Record<string, string>> {
  const hashes = namesOf(sets).map(async (name) => {
    const content = await readFile(requirementsPath(name));
    return [name, createHash('sha256').update(content).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

function requirementsPath(name: string): string {
  return path.join(packageRoot, 'models', 'requirements', name);
}

function interpreterIn(folder: string): string {
  return path.join(folder, 'bin', 'python');
}

function gigabytes(megabytes: number): string {
  return megabytes < 1_000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1_000).toFixed(1)} GB`;
}
