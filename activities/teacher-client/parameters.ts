/**
 * Which optional request parameters an endpoint takes. "OpenAI-compatible" differs in these; the first refusal (400 or
 * 422) of one is remembered, and the requests go on without it. Sampling parameters are not among them: an answer
 * made with other ones than the recipe says would be another answer.
 */
export type OptionalParameter =
  | 'response_format'
  | 'seed'
  | 'max_tokens'
  | 'encoding_format'
  /** Any at all, or only so many: OpenAI's newest models take 5, its older ones and vLLM 20. */
  | 'logprobs'
  | 'more than 5 logprobs'
  | 'more than 20 logprobs';

/** A request that was refused. */
interface Refusal {
  status: number | null;
  /** The provider's `error.param`. */
  param: string | null;
  message: string;
  /** The request's JSON. */
  sent: Readonly<Record<string, unknown>>;
}

export class Parameters {
  /** What the endpoint does not take. */
  readonly refused: Set<OptionalParameter>;

  constructor(refused: Iterable<OptionalParameter> = []) {
    this.refused = new Set(refused);
  }

  /** False once the endpoint has refused the parameter; then `max_tokens` is sent as `max_completion_tokens`. */
  takes(parameter: OptionalParameter): boolean {
    return !this.refused.has(parameter);
  }

  /** How many alternatives of each token the endpoint may be asked for, `wanted` at most; 0: none. */
  topLogprobs(wanted: number): number {
    const limits = LOGPROB_LIMITS.filter(({ name }) => !this.takes(name)).map(({ most }) => most);
    return Math.min(wanted, ...limits);
  }

  /**
   * The parameter that a refusal is about, when it is an optional one that this request had; from then on it is left
   * out. null for any other refusal.
   */
  learn(refusal: Refusal): OptionalParameter | null {
    const about = refusedByName(refusal) ?? refusedLogprobs(refusal);
    if (about) this.refused.add(about);
    return about;
  }
}

/** What an endpoint takes may differ between its models: OpenAI's reasoning models refuse what its others know. */
export class ModelParameters {
  private readonly models = new Map<string, Parameters>();

  of(model: string): Parameters {
    const parameters = this.models.get(model) ?? new Parameters();
    this.models.set(model, parameters);
    return parameters;
  }
}

/** How providers name the parameter where they give no `param`; a `max_tokens` that is only too large is named too. */
const NAMED = {
  response_format: /response[_ ]format|json[_ ]schema|structured output|guided|grammar/i,
  max_tokens: /max_completion_tokens/i,
  encoding_format: /encoding[_ ]format|base64/i,
  seed: /\bseed\b.*\b(support|unknown|unrecogni[sz]ed|unexpected|extra|permitted|allowed)|\b(unsupported|unknown|unrecogni[sz]ed|unexpected|extra)\b.*\bseed\b/i,
} as const satisfies Partial<Record<OptionalParameter, RegExp>>;

function refusedByName({ status, param, message, sent }: Refusal): OptionalParameter | null {
  if (status !== 400 && status !== 422) return null;
  const names = Object.keys(NAMED) as (keyof typeof NAMED)[];
  const about = names.find(
    (name) =>
      name in sent && ((name !== 'max_tokens' && param?.split('.')[0] === name) || NAMED[name].test(message)),
  );
  return about ?? null;
}

/** Refused, it is asked for the next fewer, at last for none. */
const LOGPROB_LIMITS = [
  { name: 'more than 20 logprobs', most: 20 },
  { name: 'more than 5 logprobs', most: 5 },
  { name: 'logprobs', most: 0 },
] as const satisfies { name: OptionalParameter; most: number }[];

/** Providers word it in many ways, and few say how many they would give. */
function refusedLogprobs({ status, param, message, sent }: Refusal): OptionalParameter | null {
  // 403: "You are not allowed to request logprobs from this model" (OpenAI).
  if (status !== 400 && status !== 422 && status !== 403) return null;
  const asked = sent.top_logprobs ?? sent.logprobs;
  if (typeof asked !== 'number' || !/logprobs/i.test(param || message)) return null;
  return LOGPROB_LIMITS.find(({ most }) => most < asked)?.name ?? null;
}
