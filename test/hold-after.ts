import type { Hold, OpenAiServer } from './openai-server.js';

/**
 * Holds the answers of a run of the scripted teacher from a point of its own that no clock decides: after so many
 * requests for lists of instructions, and then so many for answers. Call it before the run is started.
 */
export function holdAfter(
  teacher: OpenAiServer,
  at: { model?: string; lists: number; answers?: number },
): Hold {
  const { model, lists, answers = 0 } = at;
  let [seenLists, seenAnswers] = [0, 0];
  return teacher.hold((request) => {
    if (model !== undefined && request.model !== model) return false;
    if (asksForList(request.prompt)) seenLists += 1;
    else if (seenLists >= lists) seenAnswers += 1;
    return seenAnswers > answers;
  });
}

/** A prompt that ends with a number for the teacher to go on from. */
export function asksForList(prompt: string): boolean {
  return /Task \d+:\s*$/.test(prompt);
}
