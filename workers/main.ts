/**
 * Entry point of a Node worker: `node dist/workers/main.js --queues seedmill,cpu,teacher-default-1a2b3c4d`.
 * TEMPORAL_* say where the server is, SEEDMILL_STORE where data lies, SEEDMILL_STATE_DIR where the local teacher
 * is registered.
 */
import { parseArgs } from 'node:util';
import { messageOf } from './service-error.js';
import { serve } from './serve.js';

const { values } = parseArgs({ options: { queues: { type: 'string' }, verbose: { type: 'boolean' } } });
const queues = (values.queues ?? '').split(',').filter((queue) => queue !== '');
if (queues.length === 0) {
  process.stderr.write('workers/main: --queues is needed, for example --queues seedmill,cpu\n');
  process.exit(2);
}

try {
  await serve({
    queues,
    storeUrl: process.env.SEEDMILL_STORE ?? './runs',
    stateDir: process.env.SEEDMILL_STATE_DIR ?? '.seedmill',
    verbose: values.verbose === true,
    say: (line) => void process.stdout.write(`${line}\n`),
  });
} catch (error) {
  process.stderr.write(
    `worker: ${values.verbose && error instanceof Error ? error.stack : messageOf(error)}\n`,
  );
  process.exit(1);
}
