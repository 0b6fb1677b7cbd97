import assert from 'node:assert/strict';
import { fitsIn, ReservationSpent, SpendBook, SpendBooks, spendOf } from '../../activities/spend-book.js';
import type { Attempt, Intent, Outcome } from '../../store/ledger.js';

const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };
const request = { calls: 1, tokens: 150, usd: 0.0002 };
const three = { calls: 3, tokens: 450, usd: 0.0006 };

function intent(attemptId: string, changes: Partial<Intent> = {}): Intent {
  return {
    row: 'intent',
    attemptId,
    callKey: 'key',
    callIndex: 0,
    activity: 'wf/1',
    attempt: 1,
    model: 'm',
    highestTokens: { prompt: 100, completion: 50 },
    highestUsd: 0.0002,
    price,
    at: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

function outcome(attemptId: string, changes: Partial<Outcome> = {}): Outcome {
  return {
    row: 'outcome',
    attemptId,
    kind: 'failed',
    status: null,
    reason: null,
    usage: null,
    costUsd: null,
    bill: 'unknown',
    latencyMs: 1,
    requestId: null,
    at: '2026-01-01T00:00:01.000Z',
    ...changes,
  };
}

const answered = (attemptId: string) =>
  outcome(attemptId, {
    kind: 'answered',
    status: 200,
    usage: { promptTokens: 10, cachedPromptTokens: 0, completionTokens: 5 },
    costUsd: 0.00002,
    bill: 'known',
  });
const turnedAway = (attemptId: string, status: number) =>
  outcome(attemptId, { status, costUsd: 0, bill: 'known' });

describe('SpendBook', () => {
  const limited = (earlier: Attempt[] = []) => new SpendBook({ reserved: three, earlier });

  it('counts a request at its highest cost until its bill is known', () => {
    const book = limited();
    book.intend(intent('a'));
    assert.deepEqual(book.spend(), request);
    book.settle(answered('a'));
    assert.deepEqual(book.spend(), { calls: 1, tokens: 15, usd: 0.00002 });
  });

  it('counts nothing for a request that was turned away', () => {
    const book = limited();
    book.intend(intent('a'));
    book.settle(turnedAway('a', 503));
    assert.deepEqual(book.spend(), { calls: 0, tokens: 0, usd: 0 });
  });

  it('lets no more requests go than were reserved when none has a known end', () => {
    const book = limited();
    for (const id of ['a', 'b', 'c']) {
      book.intend(intent(id));
      book.settle(outcome(id));
    }
    assert.throws(() => book.intend(intent('d')), ReservationSpent);
    assert.deepEqual(book.spend(), three);
  });

  it('lets any number go that are turned away', () => {
    const book = limited();
    for (let n = 0; n < 50; n += 1) {
      book.intend(intent(String(n)));
      book.settle(turnedAway(String(n), 429));
    }
    assert.equal(book.spend().calls, 0);
  });

  it('refuses a longer request where a usual one would still fit', () => {
    const book = limited();
    for (const id of ['a', 'b']) book.intend(intent(id));
    const longer = intent('c', { highestTokens: { prompt: 101, completion: 50 } });
    assert.throws(() => book.intend(longer), ReservationSpent);
    book.intend(intent('c'));
  });

  it('never refuses the first request: otherwise its call could not be made at all', () => {
    const book = new SpendBook({ reserved: { calls: 0, tokens: 0, usd: 0 }, earlier: [] });
    book.intend(intent('a'));
    assert.throws(() => book.intend(intent('b')), ReservationSpent);
  });

  it('forgets a request that was not sent, because its intent could not be written', () => {
    const book = limited();
    book.intend(intent('a'));
    book.withdraw(intent('a'));
    assert.equal(book.spend().calls, 0);
  });

  it('has no limit without a budget', () => {
    const book = new SpendBook({ reserved: null, earlier: [] });
    for (let n = 0; n < 100; n += 1) book.intend(intent(String(n)));
    assert.equal(book.spend().calls, 100);
  });

  it('counts tokens and calls where no price is known', () => {
    const unpriced = { highestUsd: null, price: null };
    const book = new SpendBook({ reserved: { ...three, usd: null }, earlier: [] });
    for (const id of ['a', 'b', 'c']) book.intend(intent(id, unpriced));
    assert.throws(() => book.intend(intent('d', unpriced)), ReservationSpent);
    assert.deepEqual(book.spend(), { calls: 3, tokens: 450, usd: null });
  });

  it('counts as failures what got no answer, but not what was told to come back later', () => {
    const book = limited();
    for (const [id, end] of [
      ['a', turnedAway('a', 500)],
      ['b', turnedAway('b', 429)],
      ['c', outcome('c')],
      ['d', answered('d')],
    ] as const) {
      book.intend(intent(id));
      book.settle(end);
    }
    assert.equal(book.failures, 2);
  });
});

describe('SpendBooks', () => {
  const reading = { reads: 0, attempts: [] as Attempt[] };
  const readAttempts = async () => {
    reading.reads += 1;
    return reading.attempts;
  };
  const open = (books: SpendBooks, attempt: number, more: object = {}) =>
    books.open({ activity: 'wf/1', attempt, reserved: three, matters: true, readAttempts, ...more });
  beforeEach(() => {
    reading.reads = 0;
    reading.attempts = [];
  });

  it('remember what earlier attempts in this process sent', async () => {
    const books = new SpendBooks();
    (await open(books, 1)).intend(intent('a'));
    assert.equal((await open(books, 2)).spend().calls, 1);
    assert.equal(reading.reads, 0);
  });

  it('read from the ledger what a process sent that died between intent and outcome', async () => {
    reading.attempts = [
      { intent: intent('a'), outcome: null },
      { intent: intent('b', { activity: 'wf/2' }), outcome: null },
    ];
    const book = await open(new SpendBooks(), 2);
    assert.deepEqual(book.spend(), request);
  });

  it('read it anew when another process made the attempt in between', async () => {
    const books = new SpendBooks();
    (await open(books, 1)).intend(intent('a'));
    reading.attempts = ['a', 'b'].map((id) => ({ intent: intent(id), outcome: null }));
    assert.equal((await open(books, 3)).spend().calls, 2);
    assert.equal((await open(books, 4)).spend().calls, 2);
    assert.equal(reading.reads, 1);
  });

  it('read nothing for a first attempt, nor where it does not matter', async () => {
    const books = new SpendBooks();
    await open(books, 1);
    await open(books, 5, { activity: 'wf/2', matters: false });
    assert.equal(reading.reads, 0);
  });

  it('begin anew once a call has its result', async () => {
    const books = new SpendBooks();
    (await open(books, 1)).intend(intent('a'));
    books.close('wf/1');
    assert.equal((await open(books, 1)).spend().calls, 0);
  });
});

describe('spendOf', () => {
  it('is the highest cost of an attempt without an outcome, or with one that leaves the bill open', () => {
    assert.deepEqual(spendOf({ intent: intent('a'), outcome: null }), request);
    assert.deepEqual(spendOf({ intent: intent('a'), outcome: outcome('a') }), request);
  });
});

describe('fitsIn', () => {
  it('compares each unit, dollars to the nano-dollar', () => {
    assert.ok(fitsIn({ calls: 3, tokens: 450, usd: 0.1 + 0.2 }, { calls: 3, tokens: 450, usd: 0.3 }));
    assert.ok(!fitsIn({ calls: 3, tokens: 451, usd: 0 }, three));
    assert.ok(!fitsIn({ calls: 1, tokens: 1, usd: 0.000_600_001 }, three));
    assert.ok(fitsIn({ calls: 1, tokens: 1, usd: null }, three));
  });
});
