/** Prepares the teacher's Python environment and prints its interpreter: `prepare-python.ts CACHE`. */
import { preparePython } from '../../workers/python-environment.js';

const cache = process.argv[2] as string;
const say = (line: string) => void process.stderr.write(`${line}\n`);
const { python } = await preparePython({ sets: ['teacher'], cache, say });
process.stdout.write(python);
