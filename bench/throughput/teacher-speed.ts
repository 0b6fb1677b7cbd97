import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const connections = 600;
const measuredMs = 3_000;

/**
 * Requests per second that the bench's teacher answers by itself, asked over raw sockets, so that the asking costs
 * little. The bound that its latency sets is connections ÷ latency: 6,000 at 100 ms.
 */
export async function teacherRequestsPerSecond(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({
    model: 'bench',
    prompt: `${'A list of tasks as long as those of a real run. '.repeat(50)}\n###\n4. Instruction:`,
    seed: 1,
  });
  const request = Buffer.from(
    `POST /v1/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  let answered = 0;
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
      await once(socket, 'connect');
      let missing = 0;
      socket.on('data', (chunk) => {
        missing = missing === 0 ? lengthOf(chunk) - chunk.length : missing - chunk.length;
        if (missing > 0) return;
        answered += 1;
        socket.write(request);
      });
      socket.write(request);
      return socket;
    }),
  );
  await sleep(1_000);
  const before = answered;
  const startMs = performance.now();
  await sleep(measuredMs);
  const perSecond = ((answered - before) / (performance.now() - startMs)) * 1_000;
  for (const socket of sockets) socket.destroy();
  return perSecond;
}

/** Bytes of the whole response whose head this chunk holds. */
function lengthOf(chunk: Buffer): number {
  const headEnd = chunk.indexOf('\r\n\r\n') + 4;
  const length = /content-length: (\d+)/i.exec(chunk.subarray(0, headEnd).toString('latin1'))?.[1];
  if (headEnd < 4 || length === undefined)
    throw new Error('the teacher answers in whole heads with a length');
  return headEnd + Number(length);
}
