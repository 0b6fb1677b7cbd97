/** When to ask again after a failure that heals by itself. */

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 600_000;
/** Without a word from the provider: 1 s, 2 s, 4 s … up to this; a limit passes sooner than an outage. */
const MAX_BACKOFF_MS = { limit: 20_000, outage: 60_000 };
/** A 429 hits every call in flight at once; spread over this share of the delay they do not come back as one. */
const SPREAD = 0.25;

export interface DelayFacts {
  headers: Headers | undefined;
  /** What the failure comes from: a 429, or anything else. */
  cause: 'limit' | 'outage';
  /** Which attempt failed, from 1. */
  attempt: number;
  /** Milliseconds since 1970, for a date in `Retry-After`. */
  nowMs: number;
  /** Uniform in [0, 1). */
  random: number;
}

/** Milliseconds to wait: what the provider says, never less, or a growing pause; 0.5 s to 10 min, with jitter. */
export function retryDelayMs({ headers, cause, attempt, nowMs, random }: DelayFacts): number {
  const asked = headers && retryAfterMs(headers, nowMs);
  const base = asked ?? Math.min(MAX_BACKOFF_MS[cause], 1000 * 2 ** Math.min(attempt - 1, 16));
  const clamped = Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, base));
  const spread = clamped * SPREAD * random;
  return Math.round(clamped + spread > MAX_DELAY_MS ? MAX_DELAY_MS - spread : clamped + spread);
}

/**
 * The provider's own word: `retry-after-ms` (OpenAI, Azure) is more exact than `retry-after`, which holds seconds or
 * an HTTP date. undefined when there is neither, or nothing that can be read.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const milliseconds = decimal(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get('retry-after');
  const seconds = decimal(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(value ?? '');
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function decimal(value: string | null): number | undefined {
  return value !== null && /^\s*\d+(\.\d*)?\s*$/.test(value) ? Number.parseFloat(value) : undefined;
}
