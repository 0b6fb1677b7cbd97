/** Gets a Temporal binary and prints where it is: `get-binary.ts CACHE`. Uses the environment as it is. */
import { getTemporalBinary } from '../../workers/temporal-binary.js';

const cache = process.argv[2] as string;
const binary = await getTemporalBinary({ cache, say: (line) => process.stderr.write(`${line}\n`) });
process.stdout.write(binary.path);
