/** Building blocks of the JSON Schemas that a chat endpoint's structured output is asked for. */
import type { AnswerSchema } from './prompt.js';

export const textSchema = { type: 'string' };

/** An object with these properties, all required and no others, as strict structured output wants it. */
export function objectOf(properties: Record<string, unknown>): Record<string, unknown> {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** An object whose one property is a list of such items. */
export function listOf(name: string, key: string, items: Record<string, unknown>): AnswerSchema {
  return { name, schema: objectOf({ [key]: { type: 'array', items } }) };
}
