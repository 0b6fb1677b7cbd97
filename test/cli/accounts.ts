/** A run's ledger and dataset beside what the teacher received: what must hold however often what was killed. */
import assert from 'node:assert/strict';
import { readPhases } from '../../activities/count-round.js';
import type { StatusReport } from '../../client/status.js';
import { readJson } from '../../store/artifacts.js';
import type { Attempt } from '../../store/ledger.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import type { StoredResponse } from '../../store/response-store.js';
import type { LoggedRequest } from '../openai-server.js';
import { type Project, price } from './helpers.js';

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
  const attempts = await attemptsOf(project, status);
  const intents = new Map(attempts.map((attempt) => [attempt.intent.attemptId, attempt]));
  assert.equal(intents.size, attempts.length, 'an attempt has two intents');
  assert.equal(new Set(requests.map(idOf)).size, requests.length, 'two requests have one id');
  const strays = requests.filter((request) => !intents.has(idOf(request)));
  assert.deepEqual(strays.map(idOf), [], 'requests without an intent');

  const known = attempts.filter(({ outcome }) => outcome?.bill === 'known');
  const knownIds = new Set(known.map(({ intent }) => intent.attemptId));
  const unknownUsd = sumUsd(
    attempts
      .filter((attempt) => !known.includes(attempt))
      .map(({ intent }) => intent.highestUsd ?? Number.NaN),
  );
  const knownUsd = sumUsd(known.map(({ outcome }) => outcome?.costUsd ?? Number.NaN));
  assert.deepEqual([status.costUsd, status.unknownUsd], [knownUsd, unknownUsd], 'status and ledger differ');
  const billUsd = sumUsd(requests.map(billOf));
  const billOfKnown = sumUsd(requests.filter((request) => knownIds.has(idOf(request))).map(billOf));
  assert.equal(knownUsd, billOfKnown, 'attempts with an outcome are not booked at their bill');
  assert.ok(billUsd <= sumUsd([knownUsd, unknownUsd]), `bill ${billUsd} > ${knownUsd} + ${unknownUsd}`);
}

async function attemptsOf(project: Project, { runId, round }: StatusReport): Promise<Attempt[]> {
  const store = await project.store();
  const rounds = Array.from({ length: round }, (_, index) => readPhases(store, { runId, round: index + 1 }));
  return (await Promise.all(rounds)).flat().flatMap(({ attempts }) => attempts);
}

function idOf({ clientRequestId }: LoggedRequest): string {
  return clientRequestId ?? 'none';
}

function billOf({ billed }: LoggedRequest): number {
  if (billed === null) return 0;
  const { promptTokens, completionTokens, cachedPromptTokens = 0 } = billed;
  return costUsd({ promptTokens, completionTokens, cachedPromptTokens }, price) as number;
}
