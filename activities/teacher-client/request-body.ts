import type { PromptBody } from '../../methods/prompt.js';
import type { Sampling } from '../types.js';
import type { Parameters } from './parameters.js';

/** The request's JSON. What equals the protocol's default is left out: not every server knows every parameter. */
export function requestBody(options: {
  body: PromptBody;
  sampling: Sampling;
  model: string;
  seed: number;
  parameters: Parameters;
}): Record<string, unknown> {
  const { body, sampling, model, seed, parameters } = options;
  if (body.form === 'embedding') {
    // A third of the size of numbers that are written out.
    const encoding = parameters.takes('encoding_format') && { encoding_format: 'base64' };
    return { model, input: body.input, ...encoding };
  }
  const limit = parameters.takes('max_tokens') ? 'max_tokens' : 'max_completion_tokens';
  const common = {
    model,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    [limit]: sampling.maxTokens,
    ...(sampling.presencePenalty !== 0 && { presence_penalty: sampling.presencePenalty }),
    ...(sampling.frequencyPenalty !== 0 && { frequency_penalty: sampling.frequencyPenalty }),
    ...(sampling.stop.length > 0 && { stop: sampling.stop }),
    ...(parameters.takes('seed') && { seed }),
  };
  const top = parameters.topLogprobs(body.topLogprobs ?? 0);
  if (body.form === 'completion')
    return { ...common, prompt: body.prompt, ...(top > 0 && { logprobs: top }) };
  const { schema } = body;
  const wantsSchema = schema !== null && parameters.takes('response_format');
  return {
    ...common,
    messages: body.messages,
    ...(top > 0 && { logprobs: true, top_logprobs: top }),
    ...(wantsSchema && {
      response_format: {
        type: 'json_schema',
        json_schema: { name: schema.name, strict: true, schema: schema.schema },
      },
    }),
  };
}

/**
 * More tokens than the request can use: a token is at least one byte of text, and chat templates put a few around each
 * message. Vectors are no tokens.
 */
export function highestTokens(options: { body: PromptBody; sampling: Sampling }): {
  prompt: number;
  completion: number;
} {
  const { body, sampling } = options;
  if (body.form === 'embedding') {
    const prompt = body.input.reduce((sum, text) => sum + Buffer.byteLength(text) + TOKENS_AROUND_MESSAGE, 0);
    return { prompt, completion: 0 };
  }
  const prompt =
    body.form === 'completion'
      ? Buffer.byteLength(body.prompt) + TOKENS_AROUND_MESSAGE
      : body.messages.reduce(
          (sum, { content }) => sum + Buffer.byteLength(content) + TOKENS_AROUND_MESSAGE,
          0,
        ) +
        (body.schema ? Buffer.byteLength(JSON.stringify(body.schema)) : 0) +
        TOKENS_OF_TEMPLATE;
  return { prompt, completion: sampling.maxTokens };
}

const TOKENS_AROUND_MESSAGE = 16;
/** Some templates (SmolLM2, Llama 3) put a system message of their own before the first. */
const TOKENS_OF_TEMPLATE = 128;
