import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../workers/folders.js';

/** Every recipe that comes with the project, as a path from its root. */
export function recipesOfTheProject(): string[] {
  return ['recipes', 'examples']
    .filter((folder) => existsSync(path.join(packageRoot, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(packageRoot, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(folder, file),
      ),
    )
    .filter((file) => file.endsWith('.yaml'))
    .sort();
}
