/** Reads one report and says what that took: a process of its own, whose memory is nothing else's. */
import { readReport } from '../../client/report/read-report.js';
import { findStore } from '../../store/open-store.js';

const [, , folder = '', runId = ''] = process.argv;
const start = performance.now();
const before = process.cpuUsage();
const data = await readReport(await findStore(folder), runId);
const { user, system } = process.cpuUsage(before);
const measured = {
  candidates: data.totals.candidates,
  seconds: (performance.now() - start) / 1e3,
  processorSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  dataMb: JSON.stringify(data).length / 1e6,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
