/** Holds a lock for a while and writes down when: `hold-lock.ts TARGET RECORD MILLISECONDS`. */
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../workers/lock.js';

const [target, record, milliseconds] = process.argv.slice(2) as [string, string, string];
await withLock({ target, onWait: () => {} }, async () => {
  await appendFile(record, `${process.pid} in\n`);
  await sleep(Number(milliseconds));
  await appendFile(record, `${process.pid} out\n`);
});
