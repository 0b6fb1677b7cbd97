/**
 * The response store's key: two calls share an answer exactly when they ask the same teacher for the same sample
 * of the same thing.
 */
import { createHash } from 'node:crypto';
import type { Sampling } from '../activities/types.js';
import type { PromptBody } from '../methods/prompt.js';
import { canonicalJson } from './canonical-json.js';

/** Which of the many answers a teacher may give to one prompt. */
export interface Sample {
  runSeed: number;
  /** How many earlier calls of this run ask exactly this prompt, in call order. */
  nth: number;
  /**
   * Fresh samples asked for after bad answers to this very call. Kept apart from `nth`, so that a call that asks
   * again never takes the sample of a later call.
   */
  fresh: number;
}

/** Who may find the answer again; `teacher.reuse` of the recipe decides. */
export type ReuseScope =
  | { reuse: 'project' }
  | { reuse: 'run'; runId: string }
  /** Only another attempt at the same call. */
  | { reuse: 'off'; runId: string; round: number; phase: string; callIndex: number };

/** Everything that an answer depends on. */
export interface CallKeyParts {
  /** From `teacherIdentity`. */
  teacher: string;
  model: string;
  body: PromptBody;
  sampling: Sampling;
  sample: Sample;
  scope: ReuseScope;
}

export interface CallKey {
  /** SHA-256, hex. */
  key: string;
  /** What is sent as `seed`: 31 bits, the same in every run that asks for this sample, whatever the scope. */
  seed: number;
}

export function callKey({ scope, ...parts }: CallKeyParts): CallKey {
  // Spelled out, so that a field added to an object on its way here cannot change the keys of stored answers.
  const { teacher, model, body, sampling, sample } = parts;
  const asked =
    body.form === 'embedding'
      ? {
          teacher,
          model,
          input: body.input,
          // The same texts have the same vectors, in any call of any run; only after a bad answer is it another key.
          ...(sample.fresh > 0 && { fresh: sample.fresh }),
        }
      : {
          teacher,
          model,
          // Absent in the keys of most answers, which were made before it could be asked for.
          ...(body.topLogprobs !== undefined && { topLogprobs: body.topLogprobs }),
          ...(body.form === 'completion'
            ? { prompt: body.prompt }
            : {
                messages: body.messages.map(({ role, content }) => ({ role, content })),
                schema: body.schema && { name: body.schema.name, schema: body.schema.schema },
              }),
          sampling: {
            temperature: sampling.temperature,
            topP: sampling.topP,
            presencePenalty: sampling.presencePenalty,
            frequencyPenalty: sampling.frequencyPenalty,
            maxTokens: sampling.maxTokens,
            stop: sampling.stop,
          },
          sample: { runSeed: sample.runSeed, nth: sample.nth, fresh: sample.fresh },
        };
  // The seed is the hash of this without the scope, the key that with it. In canonical JSON `scope` stands before
  // `teacher`, which is last: what both have in common, the prompt with it, is written and hashed once.
  const text = canonicalJson(asked);
  const end = `"teacher":${canonicalJson(teacher)}}`;
  const common = createHash('sha256').update(text.slice(0, -end.length));
  const seed = Number.parseInt(common.copy().update(end).digest('hex').slice(0, 8), 16) & 0x7fffffff;
  const scoped = `"scope":${canonicalJson(scope.reuse === 'project' ? null : scope)},${end}`;
  return { key: common.update(scoped).digest('hex'), seed };
}

/**
 * Names a teacher in keys: the recipe's `teacher.id`; else a local model's SHA-256; else the base URL, without the
 * port where that is this machine's own (a local server gets another port at every start).
 */
export function teacherIdentity(teacher: {
  id?: string | undefined;
  baseUrl: string;
  /** SHA-256 of the GGUF behind a local endpoint, hex. */
  ggufSha256?: string | undefined;
}): string {
  if (teacher.id !== undefined) return `id:${teacher.id}`;
  if (teacher.ggufSha256 !== undefined) return `gguf:${teacher.ggufSha256}`;
  const url = new URL(teacher.baseUrl);
  if (isLoopback(url.hostname)) url.port = '';
  return `url:${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** True for this machine's own addresses, as `URL.hostname` writes them. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
