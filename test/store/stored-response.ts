import type { StoredResponse } from '../../store/response-store.js';

/** A response under one fixed key, bought by an attempt of its own. */
export function storedResponse(text: string): StoredResponse {
  return {
    key: 'ab'.repeat(32),
    request: {
      teacher: 'id:t',
      model: 'm',
      body: { form: 'completion', prompt: 'Hi' },
      sampling: { temperature: 0, topP: 1, presencePenalty: 0, frequencyPenalty: 0, maxTokens: 9, stop: [] },
      sample: { runSeed: 1, nth: 0, fresh: 0 },
      scope: { reuse: 'project' },
      seed: 1,
    },
    answer: { kind: 'text', text, finishReason: 'stop', usage: null, model: 'm', requestId: null },
    attemptId: `attempt-${text}`,
    latencyMs: 1,
    status: 200,
    at: '2026-01-01T00:00:00.000Z',
  };
}
