/** CPU time and memory of process groups, sampled from /proc. */
import { readdir, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';

const sampleEveryMs = 1_000;
/** What the whole machine used is sampled under this name. */
const machine = '';

export interface Usage {
  groups: Record<string, GroupUsage>;
  /** Cores that did something else, kernel threads included: with more than a little, figures say little. */
  otherCoresBusy: number;
}

export interface GroupUsage {
  /** Between two moments. */
  cpuMs: number;
  /** Highest resident memory between two moments. */
  peakMb: number;
  /** Highest resident memory since the sampling began. */
  peakMbEver: number;
}

interface Sample {
  atMs: number;
  groups: Map<string, { cpuMs: number; mb: number }>;
}

/** Samples groups, each named and given by its leader's pid, until it is stopped. */
export class UsageSampler {
  private readonly leaders: Map<number, string>;
  private readonly samples: Sample[] = [];
  private readonly ticksPerSecond: number;
  private readonly pageBytes: number;
  private readonly timer: NodeJS.Timeout;
  private sampling: Promise<void> = Promise.resolve();

  /** null where there is no /proc. */
  static start(pids: Record<string, number>): UsageSampler | null {
    return process.platform === 'linux' ? new UsageSampler(pids) : null;
  }

  private constructor(pids: Record<string, number>) {
    this.leaders = new Map(Object.entries(pids).map(([name, pid]) => [pid, name]));
    this.ticksPerSecond = configured('CLK_TCK');
    this.pageBytes = configured('PAGESIZE');
    const sample = () => {
      this.sampling = this.sampling.then(() => this.sample());
    };
    sample();
    this.timer = setInterval(sample, sampleEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sampling;
    await this.sample();
  }

  /** What each group used between two moments, in milliseconds since the epoch. */
  between(fromMs: number, toMs: number): Usage {
    const names = [...this.leaders.values()];
    const groups = Object.fromEntries(names.map((name) => [name, this.usageOf(name, fromMs, toMs)]));
    const machineMs = this.cpuAt(machine, toMs) - this.cpuAt(machine, fromMs);
    const groupsMs = Object.values(groups).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    return { groups, otherCoresBusy: (machineMs - groupsMs) / (toMs - fromMs) };
  }

  private usageOf(name: string, fromMs: number, toMs: number): GroupUsage {
    const memory = (samples: Sample[]) =>
      Math.max(0, ...samples.map(({ groups }) => groups.get(name)?.mb ?? 0));
    const during = this.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return {
      cpuMs: this.cpuAt(name, toMs) - this.cpuAt(name, fromMs),
      peakMb: memory(during),
      peakMbEver: memory(this.samples),
    };
  }

  /** Interpolated between the samples around the moment. */
  private cpuAt(name: string, atMs: number): number {
    const after = this.samples.findIndex((sample) => sample.atMs >= atMs);
    const right = this.samples[after === -1 ? this.samples.length - 1 : after];
    const left = this.samples[Math.max(0, (after === -1 ? this.samples.length : after) - 1)];
    const cpu = (sample: Sample | undefined) => sample?.groups.get(name)?.cpuMs ?? 0;
    if (left === undefined || right === undefined || right.atMs === left.atMs) return cpu(right);
    const share = Math.min(1, (atMs - left.atMs) / (right.atMs - left.atMs));
    return cpu(left) + share * (cpu(right) - cpu(left));
  }

  private async sample(): Promise<void> {
    const groups: Sample['groups'] = new Map();
    groups.set(machine, { cpuMs: await this.machineCpuMs(), mb: 0 });
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
      // Fields count from behind the command's name, which may hold spaces and parentheses.
      const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
      const name = this.leaders.get(Number(fields[2]));
      if (name === undefined) continue;
      const known = groups.get(name) ?? { cpuMs: 0, mb: 0 };
      const ticks = Number(fields[11]) + Number(fields[12]);
      groups.set(name, {
        cpuMs: known.cpuMs + (ticks / this.ticksPerSecond) * 1_000,
        mb: known.mb + (Number(fields[21]) * this.pageBytes) / 1024 ** 2,
      });
    }
    this.samples.push({ atMs: Date.now(), groups });
  }

  /** CPU time that all processes and the kernel have used, the time that a hypervisor took away included. */
  private async machineCpuMs(): Promise<number> {
    const line = (await readFile('/proc/stat', 'utf8')).split('\n')[0] ?? '';
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return ((user + nice + system + irq + softirq + steal) / this.ticksPerSecond) * 1_000;
  }
}

function configured(name: string): number {
  return Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
}
