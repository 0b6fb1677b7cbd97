import { randomUUID } from 'node:crypto';

/** Names this process as a writer of logs: unique, with the pid for whoever looks into the folder. */
export function processWriter(): string {
  return `${process.pid}-${randomUUID().slice(0, 13)}`;
}
