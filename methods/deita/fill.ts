/** Fills a template of DEITA's in either form. */
import type { Sampling } from '../../activities/types.js';
import {
  type AnswerSchema,
  fillSlots,
  type Prompt,
  type PromptForm,
  type Template,
  templateHash,
} from '../prompt.js';
import { type RecipeWords, systemText } from '../prompt-options.js';

interface Filling {
  templates: Record<PromptForm, Template>;
  form: PromptForm;
  slots: Record<string, string>;
  sampling: Omit<Sampling, 'stop'>;
  /** Only for the completion form; a chat answer ends by itself. */
  stop?: readonly string[];
  options: RecipeWords;
  /** Of a chat, in place of the template's. */
  schema?: AnswerSchema;
  /** For calls whose first token's probabilities count. */
  topLogprobs?: number;
}

/** The prompt; the recipe's `system` is the system message of a chat, and the first paragraph of a completion. */
export function fill(filling: Filling): Prompt {
  const { templates, form, slots, sampling, options, topLogprobs } = filling;
  const template = templates[form];
  const system = systemText(options, template.system);
  const user = fillSlots(template.user, { ...slots, preamble: system === '' ? '' : `${system}\n\n` });
  const logprobs = topLogprobs === undefined ? {} : { topLogprobs };
  const common = { template: template.name, templateHash: templateHash(template) };
  if (form === 'completion') {
    return {
      ...common,
      body: { form, prompt: user, ...logprobs },
      sampling: { ...sampling, stop: [...(filling.stop ?? [])] },
    };
  }
  return {
    ...common,
    body: {
      form,
      messages: [
        ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user', content: user },
      ],
      schema: filling.schema ?? template.schema,
      ...logprobs,
    },
    sampling: { ...sampling, stop: [] },
  };
}
