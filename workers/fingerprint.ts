/** Which build and which settings a process was started with: a running one that differs must be replaced. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ownerVariable } from './process-table.js';

/** Hash over the names and contents of all files below the folders that end in one of the extensions. */
export async function hashOfFiles(folders: string[], extensions: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && extensions.includes(path.extname(entry.name)))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
    for (const file of files)
      hash
        .update(`${file}\0`)
        .update(await readFile(file))
        .update('\0');
  }
  return hash.digest('hex');
}

/** Settings that a process reads once, when it starts: keys, endpoints, proxies, devices. */
const settings = /^(OPENAI|AZURE|AWS|HF|SEEDMILL|CUDA)_|_(KEY|TOKEN|PROXY|BASE_URL)$/i;

/**
 * Hash of what a process is started with. Keys of the environment go in, so that a corrected key reaches the
 * worker; only the hash, cut to 64 bits, is ever written down.
 */
export function fingerprint(parts: Record<string, unknown>, env: NodeJS.ProcessEnv): string {
  const relevant = Object.entries(env)
    .filter(([name]) => settings.test(name) && !/^npm_/i.test(name) && name !== ownerVariable)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([parts, relevant]))
    .digest('hex')
    .slice(0, 16);
}
