/** Figures of one go, rounded, side by side. */
import type { MeasuredName, Measurement } from './measurement.js';
import type { GroupUsage } from './usage.js';

type ByName<T> = Partial<Record<MeasuredName, T>>;
type ByProcess = Record<string, number>;

/** One go; a figure is missing where its measurement was left out. */
export interface Go {
  calls: number;
  /** Calls per second. */
  empty?: number;
  bare?: number;
  seedmill?: number;
  /** seedmill ÷ bare. */
  ratio?: number;
  cpuMsPerCall: ByName<ByProcess>;
  eventsPerCall: ByName<number>;
  bytesPerCall: ByName<number>;
  /** The longest history of one workflow run. */
  mostEvents: ByName<number>;
  mostBytes: ByName<number>;
  /** While calls are made. */
  peakMemoryMb: ByName<ByProcess>;
  /** Cores of the machine that did something else meanwhile; with more than a little, figures say little. */
  otherCoresBusy: ByName<number | null>;
  /** A run's other steps included: screening, dataset. */
  peakMemoryMbOfRun?: ByProcess;
  run?: NonNullable<Measurement['run']>;
}

export function summarise(calls: number, measured: Measurement[]): Go {
  const by = <T>(figure: (measurement: Measurement) => T): ByName<T> =>
    Object.fromEntries(measured.map((measurement) => [measurement.name, figure(measurement)]));
  const processes = ({ usage }: Measurement, figure: (used: GroupUsage) => number): ByProcess =>
    Object.fromEntries(Object.entries(usage?.groups ?? {}).map(([name, used]) => [name, figure(used)]));
  const find = (name: MeasuredName) => measured.find((measurement) => measurement.name === name);
  const [bare, seedmill] = [find('bare'), find('seedmill')];
  return {
    calls,
    ...by(({ callsPerSecond }) => round(callsPerSecond, 1)),
    ...(bare && seedmill && { ratio: round(seedmill.callsPerSecond / bare.callsPerSecond, 3) }),
    cpuMsPerCall: by((one) => processes(one, ({ cpuMs }) => round(cpuMs / calls, 2))),
    eventsPerCall: by(({ history }) => round(history.eventsPerCall, 2)),
    bytesPerCall: by(({ history }) => Math.round(history.bytesPerCall)),
    mostEvents: by(({ history }) => history.mostEvents),
    mostBytes: by(({ history }) => history.mostBytes),
    peakMemoryMb: by((one) => processes(one, ({ peakMb }) => Math.round(peakMb))),
    otherCoresBusy: by(({ usage }) => usage && round(usage.otherCoresBusy, 2)),
    ...(seedmill && { peakMemoryMbOfRun: processes(seedmill, ({ peakMbEver }) => Math.round(peakMbEver)) }),
    ...(seedmill?.run && { run: seedmill.run }),
  };
}

/** One line for people. */
export function describe({ name, calls, callsPerSecond, seconds, usage }: Measurement): string {
  const speed = `${name}: ${calls} calls in ${round(seconds, 1)} s, ${round(callsPerSecond, 1)}/s`;
  if (usage === null) return speed;
  const cpu = Object.entries(usage.groups).map(([who, { cpuMs }]) => `${who} ${round(cpuMs / calls, 2)}`);
  return `${speed}; CPU ms per call: ${cpu.join(', ')}; ${round(usage.otherCoresBusy, 2)} cores busy with other things`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
