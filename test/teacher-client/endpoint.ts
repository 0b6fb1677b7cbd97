import { createTeacherClient } from '../../activities/teacher-client/client.js';
import { type SendOptions, sendPrompt } from '../../activities/teacher-client/send-prompt.js';
import type { Sampling } from '../../activities/types.js';
import type { PromptBody } from '../../methods/prompt.js';
import { OpenAiServer, type OpenAiServerOptions } from '../openai-server.js';

export const sampling: Sampling = {
  temperature: 0.7,
  topP: 0.5,
  presencePenalty: 0,
  frequencyPenalty: 0,
  maxTokens: 64,
  stop: [],
};
export const completion: PromptBody = { form: 'completion', prompt: 'Say something.' };
export const chat: PromptBody = {
  form: 'chat',
  messages: [{ role: 'user', content: 'Say something.' }],
  schema: { name: 'said', schema: { type: 'object', properties: { said: { type: 'string' } } } },
};

/** A server for each test of a `describe`, stopped after it, and a way to send it one request. */
export function endpoint(timeoutMs = 5000) {
  let server: OpenAiServer;
  let client: ReturnType<typeof createTeacherClient>;
  const connect = () => {
    client = createTeacherClient({ baseUrl: server.baseUrl, apiKeyEnv: null, timeoutMs });
  };
  afterEach(async () => {
    await server.stop();
  });
  return {
    async start(options: OpenAiServerOptions = {}): Promise<OpenAiServer> {
      server = await OpenAiServer.start({ script: () => ({ text: 'Hello.' }), ...options });
      connect();
      return server;
    },
    get client() {
      return client;
    },
    send(options: Partial<SendOptions> = {}) {
      return sendPrompt({
        client,
        model: 'm',
        body: completion,
        sampling,
        seed: 7,
        clientRequestId: 'id-1',
        call: 'wf/1',
        attempt: 1,
        signal: new AbortController().signal,
        ...options,
      });
    },
  };
}
