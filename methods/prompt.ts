/** What every method hands to the teacher client: a filled prompt with the template it came from. */
import type { CallPhase, Sampling } from '../activities/types.js';
import { sha256Hex } from './identity.js';

/** `completion`: raw text for /v1/completions. `chat`: messages and a JSON Schema for /v1/chat/completions. */
export type PromptForm = 'completion' | 'chat';

/** What a teacher is asked for: texts in one of two forms, or vectors of texts from /v1/embeddings. */
export type TeacherForm = PromptForm | 'embedding';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** What a chat endpoint's structured output is asked for; null where free text is the answer. */
export interface AnswerSchema {
  /** Letters, digits and `_`: what `response_format.json_schema.name` allows. */
  name: string;
  schema: Record<string, unknown>;
}

/** A token that a model could have said in some place, with the natural logarithm of its probability there. */
export interface TokenLogprob {
  token: string;
  logprob: number;
}

/** `topLogprobs`: so many of the likeliest first tokens of the answer are asked for, with their logprobs. */
export type PromptBody =
  | { form: 'completion'; prompt: string; topLogprobs?: number }
  | { form: 'chat'; messages: ChatMessage[]; schema: AnswerSchema | null; topLogprobs?: number }
  /** Texts whose vectors are wanted, 1 to 256 of them; see embedding.ts. */
  | { form: 'embedding'; input: string[] };

/** Whether the answer is to have a form: chats that are asked for anything but free text have a schema. */
export function wantsJson(body: PromptBody): boolean {
  return body.form === 'chat' && body.schema !== null;
}

export interface Prompt {
  /** Name of the template, for example `self-instruct/instructions.completion`. */
  template: string;
  /** SHA-256 of `templateSource`, hex. */
  templateHash: string;
  body: PromptBody;
  /** The method's defaults; a recipe may override them. */
  sampling: Sampling;
}

/** A prompt with slots written `{{name}}`. A completion template has only `user`, the text to be continued. */
export interface Template {
  name: string;
  phase: CallPhase;
  form: PromptForm;
  system: string | null;
  user: string;
  schema: AnswerSchema | null;
}

/** The whole template as one text: what a run stores, and what its hash covers. */
export function templateSource(template: Template): string {
  return `${JSON.stringify(
    {
      name: template.name,
      phase: template.phase,
      form: template.form,
      system: template.system,
      user: template.user,
      schema: template.schema,
    },
    null,
    2,
  )}\n`;
}

/** Templates are constants, and every prompt names the hash of its own. */
const hashes = new WeakMap<Template, string>();

export function templateHash(template: Template): string {
  const hash = hashes.get(template) ?? sha256Hex(templateSource(template));
  hashes.set(template, hash);
  return hash;
}

/**
 * Fills the slots in one pass, so that a value that itself looks like a slot stays as it is.
 * Throws when the text has a slot without a value.
 */
export function fillSlots(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{([a-zA-Z]+)\}\}/g, (_slot, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`The template's slot {{${name}}} has no value`);
    return value;
  });
}
