/**
 * What a worker that was told to end still waits for. It writes a note into the state folder, for whoever told it: calls
 * to teachers may take longer than any other end, and are being paid for.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InFlight } from '../activities/teacher-client/clients.js';
import { stateFiles } from './folders.js';

export interface Draining {
  requests: number;
  /** When the last of them ends at the latest, in milliseconds since 1970. */
  untilMs: number;
}

/** Synchronous: it is called from a signal's handler. */
export function noteDraining(stateDir: string, { requests, atMostMs }: InFlight): void {
  const file = noteFile(stateDir, process.pid);
  mkdirSync(path.dirname(file), { recursive: true });
  const note: Draining = { requests, untilMs: Date.now() + atMostMs };
  writeFileSync(file, JSON.stringify(note));
}

export function removeDrainingNote(stateDir: string, pid: number): void {
  rmSync(noteFile(stateDir, pid), { force: true });
}

/** null: the process has not written one, or not all of it yet. */
export async function readDraining(stateDir: string, pid: number): Promise<Draining | null> {
  try {
    return JSON.parse(await readFile(noteFile(stateDir, pid), 'utf8')) as Draining;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** `4 calls in flight, at most 120 s` */
export function inFlightInWords({ requests, atMostMs }: InFlight): string {
  return `${requests} ${requests === 1 ? 'call' : 'calls'} in flight, at most ${Math.ceil(atMostMs / 1000)} s`;
}

function noteFile(stateDir: string, pid: number): string {
  return path.join(stateFiles(stateDir).root, `draining-${pid}.json`);
}
