/** Finds a Python to build environments with, and uv to fill them. */
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { withLock } from './lock.js';
import { ServiceError } from './service-error.js';

const newest = 14;
const oldest = 11;
const pinnedUv = '0.13.8';
/** The first uv whose `pip install` knows `--torch-backend`. */
const oldestUv = [0, 6, 9] as const;

export interface Interpreter {
  path: string;
  /** For example `3.11.7`. */
  version: string;
}

/** Every Python 3 on the PATH, newest first; those that only pretend to exist (pyenv's shims) are left out. */
export async function interpreters(env: NodeJS.ProcessEnv): Promise<Interpreter[]> {
  const numbered = Array.from({ length: newest - oldest + 1 }, (_, i) => `python3.${newest - i}`);
  const found = await Promise.all([...numbered, 'python3', 'python'].map((name) => describe(name, env)));
  const seen = new Set<string>();
  return found.filter((python): python is Interpreter => {
    if (python === null || seen.has(python.path)) return false;
    seen.add(python.path);
    return true;
  });
}

export function isSupported({ version }: Interpreter): boolean {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  return major === 3 && minor >= oldest && minor <= newest;
}

/** The newest supported Python. Throws a ServiceError that names what was found instead. */
export async function requirePython(env: NodeJS.ProcessEnv): Promise<Interpreter> {
  const found = await interpreters(env);
  const suitable = found.find(isSupported);
  if (suitable !== undefined) return suitable;
  const others = found.map(({ path: file, version }) => `${version} (${file})`).join(', ') || 'none';
  throw new ServiceError(
    `Python 3.${oldest} to 3.${newest} is needed for the local models and none is on the PATH (found: ${others}). ` +
      'Install one, or use a recipe with a remote teacher and `signal: none`, which needs no Python.',
  );
}

async function describe(name: string, env: NodeJS.ProcessEnv): Promise<Interpreter | null> {
  const script = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])';
  const { stdout, exitCode } = await execa(name, ['-c', script], { reject: false, env, timeout: 20_000 });
  const [file, version] = String(stdout ?? '').split('\n');
  return exitCode === 0 && file && version ? { path: file, version } : null;
}

/** uv on the PATH or in the cache; null: `requireUv` would install it. */
export async function findUv(cache: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const candidate of ['uv', path.join(uvFolder(cache), 'bin', 'uv')]) {
    const { stdout, exitCode } = await execa(candidate, ['--version'], {
      reject: false,
      env,
      timeout: 20_000,
    });
    const version = /(\d+)\.(\d+)\.(\d+)/
      .exec(String(stdout ?? ''))
      ?.slice(1)
      .map(Number);
    if (exitCode !== 0 || version === undefined) continue;
    const difference = oldestUv.map((part, i) => (version[i] ?? 0) - part).find((d) => d !== 0) ?? 0;
    if (difference >= 0) return candidate;
  }
  return null;
}

/** Finds uv or installs it from the package registry into the cache folder. */
export async function requireUv(options: {
  cache: string;
  python: Interpreter;
  say: (line: string) => void;
  env: NodeJS.ProcessEnv;
}): Promise<string> {
  const { cache, python, say, env } = options;
  const found = await findUv(cache, env);
  if (found !== null) return found;
  const target = uvFolder(cache);
  const onWait = () => say('Another seedmill is installing uv; waiting for it.');
  return withLock({ target, onWait }, async () => {
    const meanwhile = await findUv(cache, env);
    if (meanwhile !== null) return meanwhile;
    say(`Installing uv ${pinnedUv} (25 MB, once): it installs the Python packages.`);
    const folder = await mkdtemp(path.join(cache, 'uv-installing-'));
    try {
      // Only a folder of files and no environment, because Debian's Python comes without `venv`.
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
      const args = [...pip, '--only-binary', ':all:', '--target', folder, `uv==${pinnedUv}`];
      const result = await execa(python.path, args, { reject: false, env, all: true });
      if (result.exitCode !== 0) {
        const reason = String(result.all ?? '')
          .trim()
          .split('\n')
          .at(-1);
        throw new ServiceError(
          `uv could not be installed with ${python.path} (${reason}). Install uv (https://docs.astral.sh/uv) or pip.`,
        );
      }
      await chmod(folder, 0o755);
      await rm(target, { recursive: true, force: true });
      await rename(folder, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return path.join(target, 'bin', 'uv');
  });
}

function uvFolder(cache: string): string {
  return path.join(cache, `uv-${pinnedUv}`);
}

/**
 * uv reads none of pip's settings. Where the machine reaches its packages through pip's (an index of its own, a
 * certificate, a proxy), uv is told the same, unless it has settings already.
 */
export async function uvEnvironment(python: Interpreter, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await execa(python.path, ['-m', 'pip', 'config', 'list'], { reject: false, env });
  const pip = new Map<string, string>();
  for (const line of String(stdout ?? '').split('\n')) {
    const [, key, value] = /^(?:global|install|site|user|:env:)\.([a-z-]+)='(.*)'$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) pip.set(key, value);
  }
  const index = pip.get('index-url');
  const extra = pip.get('extra-index-url');
  const links = pip.get('find-links');
  const certificate = pip.get('cert');
  const words = (text: string) => text.split(/\\n|\s+/).filter(Boolean);
  return {
    UV_PYTHON_DOWNLOADS: 'never',
    ...(index && { UV_DEFAULT_INDEX: index }),
    ...(extra && { UV_INDEX: words(extra).join(' ') }),
    ...(links && { UV_FIND_LINKS: words(links).join(',') }),
    ...(certificate && { SSL_CERT_FILE: certificate }),
    ...env,
  };
}
