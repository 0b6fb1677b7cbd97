import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { Parameters } from '../activities/teacher-client/parameters.js';
import { requestBody } from '../activities/teacher-client/request-body.js';
import type { Prompt, PromptForm } from '../methods/prompt.js';
import {
  parseAnswer,
  parseClassification,
  parseInstances,
  parseInstructions,
  parseTasks,
} from '../methods/self-instruct/parse.js';
import {
  answerPrompt,
  classifyPrompt,
  instancesPrompt,
  instructionsPrompt,
  tasksPrompt,
} from '../methods/self-instruct/prompts.js';
import { OpenAiServer } from './openai-server.js';
import { readRequest } from './openai-wire.js';
import { answer, scriptedTeacher } from './scripted-teacher.js';
import { spellingVector } from './scripted-vectors.js';
import { temporaryFolder } from './temporary-folder.js';

describe('scripted OpenAI server', () => {
  let server: OpenAiServer;
  const ask = (body: object) =>
    fetch(`${server.baseUrl}/completions`, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) });

  beforeEach(async () => {
    server = await OpenAiServer.start();
  });
  afterEach(async () => {
    await server.stop();
  });

  it('answers the same request alike', async () => {
    const texts = await Promise.all([1, 1].map(async (seed) => (await ask({ prompt: 'Hi', seed })).text()));
    assert.equal(texts[0]?.replace('cmpl-0', ''), texts[1]?.replace('cmpl-1', ''));
  });

  it('answers another seed differently', async () => {
    const texts = await Promise.all([1, 2].map(async (seed) => (await ask({ prompt: 'Hi', seed })).text()));
    assert.notEqual(texts[0]?.replace('cmpl-0', ''), texts[1]?.replace('cmpl-1', ''));
  });

  it('bills what it answers, and nothing for a fault', async () => {
    server.fault = (_request, { index }) => (index === 0 ? { status: 500 } : undefined);
    await ask({ prompt: 'Hi' });
    assert.equal(server.billed.completionTokens, 0);
    const { usage } = (await (await ask({ prompt: 'Hi' })).json()) as {
      usage: { completion_tokens: number };
    };
    assert.equal(server.billed.completionTokens, usage.completion_tokens);
  });

  it('tells a fault how often the request came', async () => {
    server.fault = (_request, { repeat }) => (repeat === 0 ? { status: 429 } : undefined);
    const statuses = [];
    for (const prompt of ['a', 'a', 'b', 'b']) statuses.push((await ask({ prompt })).status);
    assert.deepEqual(statuses, [429, 200, 429, 200]);
  });

  it('cuts at max_tokens and at stop sequences', async () => {
    server.script = () => ({ text: 'one two three\nfour' });
    const read = async (body: object) => {
      const { choices } = (await (await ask(body)).json()) as {
        choices: { text: string; finish_reason: string }[];
      };
      return [choices[0]?.text, choices[0]?.finish_reason];
    };
    assert.deepEqual(await read({ prompt: 'Hi', stop: ['\n'] }), ['one two three', 'stop']);
    assert.deepEqual(await read({ prompt: 'Hi', max_tokens: 1 }), ['one ', 'length']);
  });
});

describe('vectors of the scripted OpenAI server', () => {
  const near = (a: string, b: string) => {
    const other = spellingVector(b);
    return spellingVector(a).reduce((sum, value, at) => sum + value * (other[at] as number), 0);
  };

  it('have length 1', () => {
    for (const text of ['time_management', 'a', '']) assert.ok(Math.abs(near(text, text) - 1) < 1e-9);
  });

  it('are near each other where texts are spelled alike', () => {
    assert.ok(near('time_management', 'managing_time') > near('time_management', 'poetry'));
    assert.ok(near('critical_thinking', 'critical_thinking_skills') > 0.8);
  });
});

describe('scripted OpenAI server as a process', () => {
  const folder = temporaryFolder();

  it('says where it listens and logs each request to a file before it answers', async () => {
    const log = path.join(folder(), 'requests.jsonl');
    const child = execaNode(
      fileURLToPath(new URL('./openai-server-main.ts', import.meta.url)),
      ['--log', log],
      {
        nodeOptions: ['--import', import.meta.resolve('tsx')],
        reject: false,
      },
    );
    try {
      const [printed] = await once(child.stdout, 'data');
      const baseUrl = /listening on (\S+)/.exec(String(printed))?.[1];
      await fetch(`${baseUrl}/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'm', prompt: 'Hi' }),
      });
      const [line] = readFileSync(log, 'utf8').split('\n');
      assert.equal(JSON.parse(line as string).body.prompt, 'Hi');
    } finally {
      child.kill('SIGTERM');
      await child;
    }
  });
});

describe('scripted teacher', () => {
  const reply = ({ body, sampling }: Prompt, seed = 1) =>
    answer(
      readRequest(
        body.form === 'completion' ? '/v1/completions' : '/v1/chat/completions',
        requestBody({ body, sampling, model: 'm', seed, parameters: new Parameters() }),
      ),
    ).text;
  const instruction = 'Sort the words by length.';

  for (const form of ['completion', 'chat'] as PromptForm[]) {
    const options = { form };
    const parsed = { truncated: false, form };

    it(`writes instructions that parse (${form})`, () => {
      const text = reply(instructionsPrompt({ instructions: ['Do this.', 'Do that.'], options }));
      const items = parseInstructions({ ...parsed, text });
      assert.deepEqual([items.length, items.some((item) => item.rejected)], [7, false]);
    });

    it(`writes tasks that parse (${form})`, () => {
      const task = { instruction, input: '', output: 'a' };
      const text = reply(tasksPrompt({ tasks: [task, task, task], options }));
      const items = parseTasks({ ...parsed, text });
      assert.deepEqual([items.length, items.some((item) => item.rejected)], [8, false]);
    });

    it(`says yes or no (${form})`, () => {
      const text = reply(classifyPrompt({ instruction, options }));
      assert.notEqual(parseClassification({ ...parsed, text }), null);
    });

    for (const isClassification of [false, true]) {
      it(`writes instances that parse (${form}, ${isClassification ? 'output' : 'input'} first)`, () => {
        const text = reply(instancesPrompt({ instruction, isClassification, options }));
        const items = parseInstances({ ...parsed, text, isClassification });
        assert.deepEqual([items.length, items.some((item) => item.rejected)], [2, false]);
      });
    }

    it(`writes an answer (${form})`, () => {
      const text = reply(answerPrompt({ instruction, options }));
      assert.equal(parseAnswer({ ...parsed, text })[0]?.rejected, null);
    });
  }

  it('writes the share of near copies that it is told to', () => {
    const copies = (share: number) => {
      const script = scriptedTeacher({ nearDuplicates: share });
      const lists = Array.from({ length: 60 }, (_, seed) =>
        script(readRequest('/v1/completions', { prompt: 'Task 9:', seed, max_tokens: 1000 })).text.split(
          '\n',
        ),
      );
      return (
        lists.flat().filter((line) => /sky looks blue|small bakery|names of people/.test(line)).length / 420
      );
    };
    assert.deepEqual([copies(0), copies(1)], [0, 1]);
    assert.ok(Math.abs(copies(0.5) - 0.5) < 0.1);
  });
});
