import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AdaptiveLimit } from '../../activities/teacher-client/adaptive-limit.js';

/** What an endpoint says to a request; `inFlight` includes it. */
type Endpoint = (request: { index: number; inFlight: number; atMs: number }) => 'answer' | '429';

interface Simulated {
  /** Virtual milliseconds until the last call was answered. */
  tookMs: number;
  requests: { atMs: number; is429: boolean }[];
  /** The limit at the end. */
  limit: number;
}

interface Scenario {
  endpoint: Endpoint;
  calls: number;
  /** Calls that one process works at; those that back off are among them. */
  window: number;
  latencyMs?: number;
  /** What the endpoint asks for; null: the pause doubles from a second to 20. */
  retryAfterMs?: number | null;
  /** Without it every request is sent at once. */
  limit?: AdaptiveLimit | null;
}

/** Calls to an endpoint in virtual time, as a worker makes them: in flight, waiting for their turn, or backing off. */
function simulate(scenario: Scenario): Simulated {
  const { endpoint, calls, window, latencyMs = 1_000, retryAfterMs = 1_000 } = scenario;
  const limit = scenario.limit === undefined ? new AdaptiveLimit() : scenario.limit;
  const due: { atMs: number; run(): void }[] = [];
  const requests: Simulated['requests'] = [];
  const waiting: { attempt: number }[] = [];
  let [nowMs, inFlight, todo, open] = [0, 0, calls, 0];
  const later = (inMs: number, run: () => void) => due.push({ atMs: nowMs + inMs, run });
  const random = randomFrom(calls + window);

  const fill = () => {
    for (; open < window && todo > 0; todo -= 1, open += 1) waiting.push({ attempt: 1 });
    while (waiting.length > 0 && (limit?.hasRoom ?? true)) send(waiting.shift() as { attempt: number });
  };
  const send = ({ attempt }: { attempt: number }) => {
    inFlight += 1;
    const pass = limit?.begin();
    const is429 = endpoint({ index: requests.length, inFlight, atMs: nowMs }) === '429';
    requests.push({ atMs: nowMs, is429 });
    later(is429 ? 5 : latencyMs * (0.5 + random()), () => {
      inFlight -= 1;
      if (pass) limit?.end(pass, { isRateLimited: is429 });
      if (!is429) open -= 1;
      else {
        const pauseMs = retryAfterMs ?? Math.min(20_000, 1_000 * 2 ** (attempt - 1));
        later(pauseMs * (1 + 0.25 * random()), () => waiting.push({ attempt: attempt + 1 }));
      }
    });
  };

  for (fill(); due.length > 0; fill()) {
    const next = due.reduce((first, event) => (event.atMs < first.atMs ? event : first));
    due.splice(due.indexOf(next), 1);
    nowMs = next.atMs;
    next.run();
  }
  return { tookMs: nowMs, requests, limit: limit?.limit ?? Number.POSITIVE_INFINITY };
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** What holds of nearly all of many scenarios is looked at in the same ones each time. */
const seed = 1;

const everyTenth: Endpoint = ({ index }) => (index % 10 === 9 ? '429' : 'answer');
const atMost =
  (capacity: number): Endpoint =>
  ({ inFlight }) =>
    inFlight > capacity ? '429' : 'answer';
const refused = ({ requests }: Simulated) => requests.filter(({ is429 }) => is429).length;

describe('AdaptiveLimit', () => {
  it('lets everything through until there are 429s', () => {
    assert.equal(
      simulate({ endpoint: () => 'answer', calls: 500, window: 200 }).limit,
      Number.POSITIVE_INFINITY,
    );
  });

  it('is not shrunk by a 429 at every tenth request', () => {
    const scenario = { endpoint: everyTenth, calls: 5_000, window: 100 };
    const adaptive = simulate(scenario);
    const free = simulate({ ...scenario, limit: null });
    assert.ok(adaptive.tookMs < 1.1 * free.tookMs, `${adaptive.tookMs} against ${free.tookMs} ms`);
    assert.ok(adaptive.limit >= 100, `${adaptive.limit}`);
  });

  for (const [most, ratio] of [
    [0.35, 1.5],
    [0.8, 3],
  ] as const) {
    it(`is not shrunk for long by a share of up to ${most} that has nothing to do with the load`, () => {
      const shares = fc.double({ min: 0.02, max: most, noNaN: true });
      fc.assert(
        fc.property(shares, fc.integer({ min: 4, max: 200 }), fc.nat(1_000_000), (share, window, dice) => {
          const random = randomFrom(dice);
          const endpoint: Endpoint = () => (random() < share ? '429' : 'answer');
          const scenario = { endpoint, calls: 4_000, window };
          const took = simulate(scenario).tookMs / simulate({ ...scenario, limit: null }).tookMs;
          assert.ok(took < ratio, `${took} times as long`);
        }),
        { numRuns: 30, seed },
      );
    });
  }

  it('finds the load that an endpoint bears, and keeps near it', () => {
    const capacities = fc.integer({ min: 8, max: 100 });
    const latencies = fc.integer({ min: 200, max: 3_000 });
    fc.assert(
      fc.property(capacities, latencies, (capacity, latencyMs) => {
        const scenario = { endpoint: atMost(capacity), calls: 3_000, window: 200, latencyMs };
        const [adaptive, free] = [simulate(scenario), simulate({ ...scenario, limit: null })];
        const idealMs = (3_000 / capacity) * latencyMs;
        assert.ok(adaptive.tookMs < 1.8 * idealMs, `${adaptive.tookMs} against ${idealMs} ms`);
        assert.ok(refused(adaptive) < 0.8 * refused(free), `${refused(adaptive)} of ${refused(free)}`);
      }),
      { numRuns: 12, seed },
    );
  });

  it('tells load from background where an endpoint has both', () => {
    const endpoint: Endpoint = (request) => (everyTenth(request) === '429' ? '429' : atMost(40)(request));
    const adaptive = simulate({ endpoint, calls: 6_000, window: 200 });
    const idealMs = (6_000 / 40) * 1_000;
    assert.ok(adaptive.tookMs < 1.8 * idealMs, `${adaptive.tookMs} against ${idealMs} ms`);
    assert.ok(adaptive.limit >= 15 && adaptive.limit <= 80, `${adaptive.limit}`);
  });

  describe('under nothing but 429 for a minute', () => {
    const healed = (capacity: number): Simulated => {
      const bears = atMost(capacity);
      return simulate({
        endpoint: (request) => (request.atMs < 60_000 ? '429' : bears(request)),
        calls: 5_000,
        window: 100,
        retryAfterMs: null,
      });
    };

    it('sends no storm', () => {
      const { requests } = healed(1_000);
      const during = requests.filter(({ atMs }) => atMs < 60_000);
      const [early, late] = [
        during.filter(({ atMs }) => atMs < 30_000),
        during.filter(({ atMs }) => atMs >= 30_000),
      ];
      // Each of 100 calls pauses 1, 2, 4, 8, 16, then 20 seconds.
      assert.ok(early.length <= 600 && late.length <= 250, `${early.length}, ${late.length}`);
    });

    it('does not stall afterwards', () => {
      const { requests, tookMs } = healed(1_000);
      const after = requests.filter(({ atMs, is429 }) => atMs >= 60_000 && !is429);
      assert.ok((after[0]?.atMs ?? 0) < 86_000, `${after[0]?.atMs}`);
      // 5,000 calls at 100 a second, and the longest pause of one of them.
      assert.ok(tookMs < 60_000 + 25_000 + 1.6 * 50_000, `${tookMs}`);
    });
  });
});
