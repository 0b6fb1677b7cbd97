/** A run's ledger beside what its teacher received and bills: request by request, to the nano-dollar. */
import { readPhases } from '../../activities/count-round.js';
import type { Attempt } from '../../store/ledger.js';
import { costUsd, type Price, sumUsd } from '../../store/pricing.js';
import type { Store } from '../../store/types.js';
import type { LoggedRequest } from '../openai-server.js';

export interface Books {
  attempts: Attempt[];
  /** Intents beyond the first of an attempt. */
  intendedTwice: number;
  /** Requests beyond the first with one X-Client-Request-Id. */
  sentTwice: number;
  /** Ids of requests that the ledger does not know. */
  withoutIntent: string[];
  /** Ids of attempts whose bill the ledger takes for known and has wrong. */
  misbooked: string[];
  knownUsd: number;
  /** Highest cost of the attempts whose bill is not known. */
  unknownUsd: number;
  billUsd: number;
}

export async function readBooks(options: {
  store: Store;
  runId: string;
  rounds: number;
  /** All that the teacher received. */
  requests: readonly LoggedRequest[];
  price: Price;
}): Promise<Books> {
  const { store, runId, rounds, requests, price } = options;
  const attempts: Attempt[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const phase of await readPhases(store, { runId, round })) attempts.push(...phase.attempts);
  }
  const intents = new Set(attempts.map(({ intent }) => intent.attemptId));
  const bills = new Map(requests.map((request) => [idOf(request), billOf(request, price)]));
  const known = attempts.filter(({ outcome }) => outcome?.bill === 'known');
  const unknown = attempts.filter(({ outcome }) => outcome?.bill !== 'known');
  const wrong = known.filter(
    ({ intent, outcome }) => outcome?.costUsd !== (bills.get(intent.attemptId) ?? 0),
  );
  return {
    attempts,
    intendedTwice: attempts.length - intents.size,
    sentTwice: requests.length - bills.size,
    withoutIntent: requests.map(idOf).filter((id) => !intents.has(id)),
    misbooked: wrong.map(({ intent }) => intent.attemptId),
    knownUsd: sumUsd(known.map(({ outcome }) => outcome?.costUsd ?? Number.NaN)),
    unknownUsd: sumUsd(unknown.map(({ intent }) => intent.highestUsd ?? Number.NaN)),
    billUsd: sumUsd(requests.map((request) => billOf(request, price))),
  };
}

/** The id under which the ledger has the request's intent. */
export function idOf({ clientRequestId }: LoggedRequest): string {
  return clientRequestId ?? 'none';
}

function billOf({ billed }: LoggedRequest, price: Price): number {
  if (billed === null) return 0;
  const { promptTokens, completionTokens, cachedPromptTokens = 0 } = billed;
  return costUsd({ promptTokens, completionTokens, cachedPromptTokens }, price) as number;
}
