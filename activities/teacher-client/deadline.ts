/** Ends a request when its caller gives it up or when its time is over. Close it when the request has ended. */
export class Deadline {
  private readonly request = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly caller: AbortSignal;
  private readonly abort = () => this.request.abort();

  constructor(options: { caller: AbortSignal; timeoutMs: number }) {
    this.caller = options.caller;
    this.timer = setTimeout(this.abort, options.timeoutMs);
    if (this.caller.aborted) this.abort();
    this.caller.addEventListener('abort', this.abort, { once: true });
  }

  /** For the request. */
  get signal(): AbortSignal {
    return this.request.signal;
  }

  /** It was ended because its time was over. */
  get isOver(): boolean {
    return !this.caller.aborted && this.request.signal.aborted;
  }

  close(): void {
    clearTimeout(this.timer);
    this.caller.removeEventListener('abort', this.abort);
  }
}
