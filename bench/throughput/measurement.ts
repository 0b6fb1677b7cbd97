/** What is measured, and the settings that all measurements share. */
import path from 'node:path';
import { packageRoot } from '../../workers/folders.js';
import type { Usage } from './usage.js';

/** `empty`: activities that do nothing. `bare`: activities that ask the teacher. `seedmill`: a run. */
export const measuredNames = ['empty', 'bare', 'seedmill'] as const;
export type MeasuredName = (typeof measuredNames)[number];

/** How long the teacher takes for every answer. */
export const latencyMs = 100;
/** The loops' workflows at once, and the activities that each has in flight; a seedmill run has as many in all. */
export const loops = 4;
export const loopWindow = 50;
export const concurrency = loops * loopWindow;

/** Task queues of the loops. */
export const workflowQueue = 'bench-loop';
export const activityQueue = 'bench-calls';

export const seedsFile = path.join(packageRoot, 'recipes', 'seeds.jsonl');

export interface Measurement {
  name: MeasuredName;
  calls: number;
  /** From the start of the first workflow that makes calls to the end of the last, by the server's clock. */
  seconds: number;
  callsPerSecond: number;
  /** Of all workflow runs of the measurement, those that make no calls included. */
  history: {
    eventsPerCall: number;
    bytesPerCall: number;
    /** Of one workflow run. */
    mostEvents: number;
    mostBytes: number;
  };
  /** While calls were made; null where the system does not say. */
  usage: Usage | null;
  /** Only of a run. */
  run?: { accepted: number; answered: number; verified: boolean; wholeSeconds: number };
}
