/** The scripted teacher as a process of its own, which nobody disturbs, and the log of what it received. */
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LoggedRequest } from '../../test/openai-server.js';
import { startChild } from '../child.js';

const entry = new URL('../../test/openai-server-main.ts', import.meta.url);

export class TeacherProcess {
  readonly baseUrl: string;
  /** As of the last `look`, in the order of their arrival. */
  readonly requests: LoggedRequest[] = [];
  /** Ends the process. */
  readonly stop: () => Promise<void>;
  private readonly logFile: string;
  private readBytes = 0;
  private looking: Promise<number> = Promise.resolve(0);

  private constructor(options: { baseUrl: string; logFile: string; stop: () => Promise<void> }) {
    this.baseUrl = options.baseUrl;
    this.logFile = options.logFile;
    this.stop = options.stop;
  }

  /** `logFile` must not exist yet. `script`: a module as test/openai-server-main.ts takes it. */
  static async start(options: { logFile: string; latencyMs: number; script: URL }): Promise<TeacherProcess> {
    const { logFile, latencyMs } = options;
    const script = fileURLToPath(options.script);
    await (await open(logFile, 'wx')).close();
    const args = ['--log', logFile, '--latency', `${latencyMs}`, '--script', script];
    const { firstLine, stop } = await startChild({ file: entry, args });
    return new TeacherProcess({ baseUrl: firstLine.replace('listening on ', ''), logFile, stop });
  }

  /** Reads what has come since the last look; returns how many requests there are. */
  look(): Promise<number> {
    this.looking = this.looking.then(() => this.readOn());
    return this.looking;
  }

  private async readOn(): Promise<number> {
    const handle = await open(this.logFile);
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(size - this.readBytes);
      await handle.read(bytes, 0, bytes.length, this.readBytes);
      const end = bytes.lastIndexOf('\n') + 1;
      this.readBytes += end;
      const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
      for (const line of lines) this.requests.push(JSON.parse(line) as LoggedRequest);
    } finally {
      await handle.close();
    }
    return this.requests.length;
  }
}
