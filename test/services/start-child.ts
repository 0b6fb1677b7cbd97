/** Starts a child that seedmill owns and waits to be killed: `start-child.ts STATE_DIR`. */
import { startProcess } from '../../workers/processes.js';

const stateDir = process.argv[2] as string;
await startProcess({
  stateDir,
  name: 'child',
  command: 'sleep',
  args: ['60'],
  cwd: stateDir,
  env: { PATH: process.env.PATH },
  ports: { http: 1234 },
  fingerprint: 'f',
});
setInterval(() => {}, 1_000);
