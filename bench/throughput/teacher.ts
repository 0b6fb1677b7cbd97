/**
 * The benchmark's teacher, a process of its own: OpenAI's completions protocol on a bare `node:http` server, so that it
 * costs next to nothing. Every answer takes LATENCY_MS and is a function of the request alone: four tasks in
 * Alpaca's form, made of so many phrases that few are near duplicates.
 *
 *     node --import tsx bench/throughput/teacher.ts LATENCY_MS
 *
 * Prints its port as the first line.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tasksAnswer } from './teacher-answer.js';

const latencyMs = Number(process.argv[2] ?? 100);

const server = http.createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const isCompletion = request.url?.endsWith('/completions');
    const answer = Buffer.from(JSON.stringify(isCompletion ? complete(`${Buffer.concat(chunks)}`) : models));
    setTimeout(() => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': answer.length,
        'x-request-id': 'bench',
      });
      response.end(answer);
    }, latencyMs);
  });
});

const models = { object: 'list', data: [{ id: 'bench', object: 'model' }] };

function complete(body: string) {
  const { prompt, seed = 0, model } = JSON.parse(body) as { prompt: string; seed?: number; model: string };
  const text = tasksAnswer(prompt, seed);
  const promptTokens = Math.ceil(prompt.length / 4);
  const completionTokens = Math.ceil(text.length / 4);
  return {
    id: 'cmpl-bench',
    object: 'text_completion',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, text, logprobs: null, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

server.listen(0, '127.0.0.1', 4_096, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
