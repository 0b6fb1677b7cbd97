/**
 * The corpus teacher as a process of its own, for any recipe with `teacher.endpoint: openai`:
 *
 *     npx tsx bench/corpus-teacher/main.ts --corpus rows.json --temperature 0.05 --copies 0.3 --port 8123
 *     OPENAI_BASE_URL=http://127.0.0.1:8123/v1 npx seedmill run recipes/openai.yaml --set teacher.model=scripted
 *
 * Prints `listening on <base URL>` when it is ready; ends on SIGTERM.
 */
import { parseArgs } from 'node:util';
import { OpenAiServer } from '../../test/openai-server.js';
import { CorpusTeacher } from './corpus-teacher.js';
import { readCorpus } from './read-corpus.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', multiple: true },
    port: { type: 'string', default: '0' },
    latency: { type: 'string', default: '0' },
    temperature: { type: 'string', default: '0.05' },
    copies: { type: 'string', default: '0' },
    favourites: { type: 'string', default: '40' },
    changed: { type: 'string', default: '0.4' },
    seed: { type: 'string', default: '0' },
    log: { type: 'string' },
  },
});
if (values.corpus === undefined) throw new Error('--corpus FILE is needed; it may be given several times');
const { rows, leftOut } = readCorpus(values.corpus);
const teacher = new CorpusTeacher({
  rows,
  temperature: Number(values.temperature),
  copies: Number(values.copies),
  favourites: Number(values.favourites),
  changed: Number(values.changed),
  seed: Number(values.seed),
});
const server = await OpenAiServer.start({
  port: Number(values.port),
  latencyMs: Number(values.latency),
  script: teacher.answer,
  ...(values.log && { logFile: values.log }),
});
process.stderr.write(`${rows.length} rows${leftOut > 0 ? `, ${leftOut} left out` : ''}\n`);
process.stdout.write(`listening on ${server.baseUrl}\n`);
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
