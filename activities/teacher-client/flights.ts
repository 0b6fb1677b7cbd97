/**
 * Requests in flight in this process, by key. Who asks for what is being asked already waits for that answer: an
 * attempt that Temporal gave up on (a late heartbeat on a busy machine) and its successor share one request.
 */
interface Flight<T> {
  result: Promise<T>;
  /** Who started it. */
  owner: string;
  abort: AbortController;
  waiting: number;
}

export class Flights<T> {
  private readonly flights = new Map<string, Flight<T>>();

  /** Keys that are being asked. */
  get size(): number {
    return this.flights.size;
  }

  /**
   * Waits for the flight of this key, starting it when there is none. When `signal` fires, the caller leaves with its
   * reason; the flight itself goes on, so that a late answer is stored, unless `callsOff` says that the reason is
   * somebody's wish and nobody else waits.
   */
  async join(options: {
    key: string;
    owner: string;
    signal: AbortSignal;
    callsOff(reason: unknown): boolean;
    start(signal: AbortSignal): Promise<T>;
  }): Promise<{ value: T; owner: string }> {
    const { key, owner, signal, callsOff } = options;
    signal.throwIfAborted();
    const flight = this.flights.get(key) ?? this.begin(options);
    flight.waiting += 1;
    try {
      return { value: await firstOf(flight.result, signal), owner: flight.owner };
    } catch (error) {
      throw flight.owner === owner || signal.aborted ? error : new OthersFailure(error);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && signal.aborted && callsOff(signal.reason))
        flight.abort.abort(signal.reason);
    }
  }

  private begin(options: { key: string; owner: string; start(signal: AbortSignal): Promise<T> }): Flight<T> {
    const { key, owner, start } = options;
    const abort = new AbortController();
    const result = start(abort.signal).finally(() => this.flights.delete(key));
    // When everyone has left, its failure is in the ledger and nowhere else.
    result.catch(() => undefined);
    const flight: Flight<T> = { result, owner, abort, waiting: 0 };
    this.flights.set(key, flight);
    return flight;
  }
}

/** The flight that was joined belonged to another call and failed: no failure of the one who joined. */
export class OthersFailure extends Error {
  override readonly name = 'OthersFailure';

  constructor(cause: unknown) {
    super('the request that this call waited for failed', { cause });
  }
}

async function firstOf<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
