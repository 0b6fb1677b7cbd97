import type { LoopResult } from './inputs.js';
import type { LoopReport, Pause, RunPhase, RunStateName, RunStatus, Settings } from './messages.js';

/** What survives a continue-as-new of the run. */
export interface RunStateSnapshot {
  settings: Settings;
  phase: RunPhase;
  stopReason: string | null;
  loop: LoopReport | null;
  ended: LoopResult | null;
}

/** The rules of pausing, resuming and cancelling a run. Plain data and no Temporal, so that it is tested as it is. */
export class RunState {
  settings: Settings = { version: 1, paused: null, cancel: null };
  phase: RunPhase = 'preparing';
  stopReason: string | null = null;
  loop: LoopReport | null = null;
  /** How the loop ended; null while it lives. */
  ended: LoopResult | null = null;

  constructor(carried?: RunStateSnapshot) {
    if (carried) Object.assign(this, carried);
  }

  snapshot(): RunStateSnapshot {
    const { settings, phase, stopReason, loop, ended } = this;
    return { settings, phase, stopReason, loop, ended };
  }

  get name(): RunStateName {
    if (this.ended?.failed) return 'failed';
    if (this.phase === 'done') return this.settings.cancel ? 'cancelled' : 'finished';
    if (this.settings.cancel) return 'cancelling';
    return this.settings.paused ? 'paused' : 'running';
  }

  status(): RunStatus {
    const { name: state, phase, stopReason, settings, loop } = this;
    return { state, phase, stopReason, settings, loop };
  }

  /** @throws Error that says why the run cannot be paused now. */
  checkPause(): void {
    this.checkLive();
    const { paused } = this.settings;
    if (paused) throw new Error(`the run is paused already, by ${paused.by}: ${paused.reason}`);
  }

  /** @throws Error that says why the run cannot be resumed now. */
  checkResume(): void {
    this.checkLive();
    if (!this.settings.paused) throw new Error('the run is not paused');
  }

  /** @throws Error when there is nothing left to cancel; `now` may still follow a patient cancel. */
  checkCancel({ now }: { now: boolean }): void {
    if (this.phase === 'done') throw new Error(`the run has ended already: ${this.name}`);
    if (this.phase === 'exporting') throw new Error('the run is writing its dataset');
    if (this.settings.cancel && !(now && this.settings.cancel === 'finish')) {
      throw new Error('the run is being cancelled already');
    }
  }

  pause(paused: Pause): void {
    this.change({ paused });
  }

  resume(): void {
    this.change({ paused: null });
  }

  /** A cancelled run is never paused: it has to come to its end. */
  cancel({ by, now }: { by: string; now: boolean }): void {
    this.stopReason = `cancelled by ${by}`;
    this.change({ paused: null, cancel: now ? 'now' : 'finish' });
  }

  /** Two hundred calls that fail at once are one pause, and none after somebody resumed. */
  blocked({ version, pause }: { version: number; pause: Pause }): void {
    if (version < this.settings.version || this.settings.paused || this.settings.cancel) return;
    this.pause(pause);
  }

  private checkLive(): void {
    if (this.phase === 'done') throw new Error(`the run has ended already: ${this.name}`);
    if (this.settings.cancel) throw new Error('the run is being cancelled');
  }

  private change(change: Partial<Omit<Settings, 'version'>>): void {
    this.settings = { ...this.settings, ...change, version: this.settings.version + 1 };
  }
}
