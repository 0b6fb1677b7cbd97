import { closeSync } from 'node:fs';

/** File descriptors that are kept open between uses, a few of them and only for a moment. */
export class KeptFiles {
  private readonly kept = new Map<string, { fd: number; timer: NodeJS.Timeout }>();
  private readonly limits: { most: number; idleMs: number };

  constructor(limits: { most: number; idleMs: number }) {
    this.limits = limits;
  }

  /** The descriptor kept under this key, which from now on is the caller's to close; undefined when there is none. */
  take(key: string): number | undefined {
    const entry = this.kept.get(key);
    if (entry === undefined) return undefined;
    clearTimeout(entry.timer);
    this.kept.delete(key);
    return entry.fd;
  }

  /** Keeps a descriptor for the next `take`, or closes it when none comes. */
  keep(key: string, fd: number): void {
    const timer = setTimeout(() => this.drop(key), this.limits.idleMs);
    timer.unref();
    this.kept.set(key, { fd, timer });
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > this.limits.most && oldest !== undefined) this.drop(oldest);
  }

  private drop(key: string): void {
    const fd = this.take(key);
    if (fd !== undefined) closeSync(fd);
  }
}
