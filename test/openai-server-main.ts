/**
 * The scripted teacher as a process of its own:
 *
 *     tsx test/openai-server-main.ts --port 8123 --log requests.jsonl --latency 100 --script ./my-script.ts
 *
 * A script module exports `answer: Script` and, if things shall go wrong, `fault: FaultRule`. Without one the default
 * teacher answers. Prints `listening on <base URL>` when it is ready; ends on SIGTERM.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type FaultRule, OpenAiServer, type Script } from './openai-server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    log: { type: 'string' },
    latency: { type: 'string', default: '0' },
    script: { type: 'string' },
  },
});

const module: { answer?: Script; fault?: FaultRule } = values.script
  ? await import(pathToFileURL(path.resolve(values.script)).href)
  : {};
const server = await OpenAiServer.start({
  port: Number(values.port),
  latencyMs: Number(values.latency),
  ...(module.answer && { script: module.answer }),
  ...(module.fault && { fault: module.fault }),
  ...(values.log && { logFile: values.log }),
});
process.stdout.write(`listening on ${server.baseUrl}\n`);
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
