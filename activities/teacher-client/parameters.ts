/**
 * Which optional request parameters an endpoint takes. "OpenAI-compatible" differs in these; the first refusal (400 or
 * 422) of one is remembered, and the requests go on without it. Sampling parameters are not among them: an answer
 * made with other ones than the recipe says would be another answer.
 */
export type OptionalParameter = 'response_format' | 'seed' | 'max_tokens' | 'encoding_format';

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

  /**
   * The parameter that a refusal is about, when it is an optional one that this request had; from then on it is left
   * out. null for any other refusal.
   */
  learn(refusal: {
    status: number | null;
    /** The provider's `error.param`. */
    param: string | null;
    message: string;
    /** Parameters that the request had. */
    sent: ReadonlySet<string>;
  }): OptionalParameter | null {
    const { status, param, message, sent } = refusal;
    if (status !== 400 && status !== 422) return null;
    const about = (Object.keys(NAMED) as OptionalParameter[]).find(
      (name) =>
        sent.has(name) &&
        ((name !== 'max_tokens' && param?.split('.')[0] === name) || NAMED[name].test(message)),
    );
    if (about) this.refused.add(about);
    return about ?? null;
  }
}

/** How providers name the parameter where they give no `param`; a `max_tokens` that is only too large is named too. */
const NAMED: Record<OptionalParameter, RegExp> = {
  response_format: /response[_ ]format|json[_ ]schema|structured output|guided|grammar/i,
  max_tokens: /max_completion_tokens/i,
  encoding_format: /encoding[_ ]format|base64/i,
  seed: /\bseed\b.*\b(support|unknown|unrecogni[sz]ed|unexpected|extra|permitted|allowed)|\b(unsupported|unknown|unrecogni[sz]ed|unexpected|extra)\b.*\bseed\b/i,
};
