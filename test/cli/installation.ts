/**
 * seedmill as users have it: compiled, in a folder of its own. Built once per process from the sources of now, so that
 * neither a stale `dist/` nor a rebuild in the middle of a test can decide what is tested.
 */
import { rmSync } from 'node:fs';
import { access, mkdtemp, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const shared = ['node_modules', 'models', 'recipes', 'package.json'];

let built: Promise<string> | undefined;

/** Path of the compiled command line. The first call takes some seconds. */
export function installedCli(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-installed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of shared) await symlink(path.join(checkout, name), path.join(folder, name));
  const dist = path.join(folder, 'dist');
  // Types are another check's business: code is written all the same.
  const compiled = await execa('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', dist], {
    cwd: checkout,
    reject: false,
  });
  const main = path.join(dist, 'client', 'main.js');
  await access(main).catch(() => {
    throw new Error(`tsc made no ${main}: ${compiled.stdout}${compiled.stderr}`);
  });
  const kernel = path.join(dist, 'similarity', 'kernel.wasm');
  const asc = ['asc', 'similarity/kernel/kernel.ts', '--config', 'similarity/kernel/asconfig.json'];
  await execa('npx', [...asc, '--outFile', kernel], { cwd: checkout });
  await execa(process.execPath, [path.join(dist, 'workers', 'build-bundle.js')]);
  return main;
}
