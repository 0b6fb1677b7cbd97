/** Finds or starts Temporal under the start lock and prints where: `ensure-temporal.ts STATE_DIR`. */
import { ensureServices } from '../../workers/services.js';

const stateDir = process.argv[2] as string;
const { temporal } = await ensureServices({
  stateDir,
  storeUrl: `${stateDir}/runs`,
  needs: {},
  say: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(JSON.stringify(temporal));
process.exit(0);
