import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../workers/folders.js';

/** Version of this package, as package.json has it. */
export const version: string = JSON.parse(
  readFileSync(path.join(packageRoot, 'package.json'), 'utf8'),
).version;
