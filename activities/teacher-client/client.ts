import OpenAI from 'openai';
import { isLoopback } from '../../store/call-key.js';
import { UserError } from '../../store/errors.js';
import { fetchAnswer } from './endpoint-fetch.js';
import { Health } from './health.js';
import { ModelParameters } from './parameters.js';
import { SendGate } from './send-gate.js';

/** Sent where no key is needed; long enough that no word of a message is taken for it. */
const NO_KEY = 'no-key-needed';

/** One endpoint as one process reaches it. */
export interface TeacherClient {
  readonly openai: OpenAI;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** What the endpoint was found not to take, for each of its models. */
  readonly parameters: ModelParameters;
  readonly health: Health;
  /** Where requests wait while the endpoint bears no more of them at once. */
  readonly gate: SendGate;
}

/** A client that never retries by itself: retries, their delays and their bills are Temporal's and the ledger's. */
export function createTeacherClient(options: {
  /** Usually ends in `/v1`. */
  baseUrl: string;
  /** Environment variable that holds the key; null: the endpoint takes none. */
  apiKeyEnv: string | null;
  /** Longest time that one request may take, answer included. */
  timeoutMs: number;
  env?: NodeJS.ProcessEnv;
}): TeacherClient {
  const { baseUrl, apiKeyEnv, timeoutMs, env = process.env } = options;
  const { hostname } = new URL(baseUrl);
  const key = readKey({ baseUrl, apiKeyEnv, env });
  const openai = new OpenAI({
    baseURL: baseUrl,
    // The package insists on one; servers on this machine ignore it.
    apiKey: key ?? NO_KEY,
    // The package takes these from the environment and would send them to any endpoint, not only to OpenAI's own.
    ...(!isOpenAi(hostname) && { organization: null, project: null }),
    maxRetries: 0,
    // Ours (send-prompt.ts) covers the body too; this one only until the headers are there.
    timeout: timeoutMs + 60_000,
    fetch: fetchAnswer,
    logLevel: 'off',
  });
  return {
    openai,
    baseUrl,
    timeoutMs,
    parameters: new ModelParameters(),
    health: new Health(),
    gate: new SendGate(),
  };
}

/** The key for an endpoint; null: it needs none. @throws UserError when it needs one and there is none. */
export function readKey(options: {
  baseUrl: string;
  apiKeyEnv: string | null;
  env: NodeJS.ProcessEnv;
}): string | null {
  const { baseUrl, apiKeyEnv, env } = options;
  if (apiKeyEnv === null) return null;
  // A key that was read from a file ends in a newline, which no header may have.
  const key = (env[apiKeyEnv] ?? '').trim();
  if (key !== '') return key;
  if (isLoopback(new URL(baseUrl).hostname)) return null;
  throw new UserError(`no key for the teacher at ${baseUrl}: set the environment variable ${apiKeyEnv}`);
}

function isOpenAi(hostname: string): boolean {
  return hostname === 'openai.com' || hostname.endsWith('.openai.com');
}
