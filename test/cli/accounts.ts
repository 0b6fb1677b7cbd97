/** A run's ledger and dataset beside what the teacher received: what must hold however often what was killed. */
import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import { readJson } from '../../store/artifacts.js';
import { sumUsd } from '../../store/pricing.js';
import type { StoredResponse } from '../../store/response-store.js';
import type { LoggedRequest } from '../openai-server.js';
import { type Project, price } from './helpers.js';
import { idOf, readBooks } from './provider-books.js';

/** What had been asked and stored at one moment. */
export interface Snapshot {
  /** Requests that the teacher had received. */
  received: number;
  /** Of requests (their X-Client-Request-Id) whose answers were stored. */
  stored: Set<string>;
}

/** Take it when nobody can store anything any more, or only what is in flight. */
export async function snapshot(project: Project): Promise<Snapshot> {
  const store = await project.store();
  const names = await store.list('calls');
  const responses = await Promise.all(names.map((name) => readJson<StoredResponse>(store, name)));
  return {
    stored: new Set(responses.map(({ attemptId }) => attemptId)),
    received: project.teacher.requests.length,
  };
}

/**
 * No answer that was stored at a kill is asked for again after it, and a request comes a second time only when it was
 * in flight at a kill.
 */
export function assertNothingAskedAgain(
  requests: readonly LoggedRequest[],
  kills: readonly Snapshot[],
): void {
  for (const { received, stored } of kills) {
    const had = new Set(
      requests
        .slice(0, received)
        .filter((request) => stored.has(idOf(request)))
        .map(({ hash }) => hash),
    );
    const again = requests.slice(received).filter(({ hash }) => had.has(hash));
    assert.deepEqual(
      again.map(({ index }) => index),
      [],
      'requests whose answers were stored before a kill',
    );
  }
  const distinct = new Set(requests.map(({ hash }) => hash)).size;
  const inFlight = kills.map(
    ({ received, stored }) =>
      requests.slice(0, received).filter((request) => !stored.has(idOf(request))).length,
  );
  const lost = inFlight.reduce((sum, count) => sum + count, 0);
  assert.ok(
    requests.length <= distinct + lost,
    `${requests.length} requests for ${distinct} calls with at most ${lost} in flight at kills`,
  );
}

/** Each request has exactly one intent, and known spend ≤ bill ≤ known + unknown. */
export async function assertLedgerHolds(project: Project, status: StatusReport): Promise<void> {
  const { requests } = project.teacher;
  const { runId, round } = status;
  const books = await readBooks({ store: await project.store(), runId, rounds: round, requests, price });
  const { knownUsd, unknownUsd, billUsd } = books;
  assert.equal(books.intendedTwice, 0, 'an attempt has two intents');
  assert.equal(books.sentTwice, 0, 'two requests have one id');
  assert.deepEqual(books.withoutIntent, [], 'requests without an intent');
  assert.deepEqual([status.costUsd, status.unknownUsd], [knownUsd, unknownUsd], 'status and ledger differ');
  assert.deepEqual(books.misbooked, [], 'attempts with an outcome are not booked at their bill');
  assert.ok(knownUsd <= billUsd, `known ${knownUsd} > bill ${billUsd}`);
  assert.ok(billUsd <= sumUsd([knownUsd, unknownUsd]), `bill ${billUsd} > ${knownUsd} + ${unknownUsd}`);
}
