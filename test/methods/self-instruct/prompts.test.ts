import assert from 'node:assert/strict';
import { type Prompt, templateHash } from '../../../methods/prompt.js';
import { parseInstructions, parseTasks } from '../../../methods/self-instruct/parse.js';
import {
  answerPrompt,
  classifyPrompt,
  instancesPrompt,
  instructionsPrompt,
  type PromptOptions,
  tasksPrompt,
} from '../../../methods/self-instruct/prompts.js';
import { templates } from '../../../methods/self-instruct/templates.js';
import { times } from '../seeds.js';

const completion: PromptOptions = { form: 'completion' };
const chat: PromptOptions = { form: 'chat' };
const task = { instruction: 'Sort the words.', input: 'b a', output: 'a b' };

/** What the teacher is sent, as one text. */
function textOf({ body }: Prompt): string {
  assert.ok(body.form !== 'embedding');
  return body.form === 'completion' ? body.prompt : body.messages.map(({ content }) => content).join('\n');
}

function every(options: PromptOptions): Prompt[] {
  return [
    instructionsPrompt({ instructions: ['Sort the words.'], options }),
    classifyPrompt({ instruction: 'Sort the words.', options }),
    instancesPrompt({ instruction: 'Sort the words.', isClassification: true, options }),
    instancesPrompt({ instruction: 'Sort the words.', isClassification: false, options }),
    answerPrompt({ instruction: 'Sort the words.', options }),
    tasksPrompt({ tasks: [task], options }),
  ];
}

describe('every prompt', () => {
  it('names its template and carries its hash, and the templates are all listed', () => {
    const listed = new Map(templates.map((template) => [template.name, templateHash(template)]));
    const prompts = [...every(completion), ...every(chat)];
    assert.equal(listed.size, templates.length);
    assert.deepEqual(new Set(prompts.map((prompt) => prompt.template)), new Set(listed.keys()));
    for (const prompt of prompts) assert.equal(prompt.templateHash, listed.get(prompt.template));
  });

  it('leaves no slot open', () => {
    for (const prompt of [...every(completion), ...every(chat)])
      assert.doesNotMatch(textOf(prompt), /\{\{|\}\}/);
  });

  it('puts the recipe’s system text first', () => {
    for (const options of [completion, chat]) {
      for (const prompt of every({ ...options, system: 'Be polite.' })) {
        assert.ok(textOf(prompt).startsWith('Be polite.\n'), prompt.template);
      }
    }
  });

  it('fits strict structured output: all properties required, no others', () => {
    for (const { schema } of templates) {
      const nodes: unknown[] = schema === null ? [] : [schema.schema];
      for (const node of nodes) {
        if (typeof node !== 'object' || node === null) continue;
        nodes.push(...Object.values(node));
        if (!('properties' in node) || typeof node.properties !== 'object') continue;
        assert.deepEqual((node as { required?: string[] }).required, Object.keys(node.properties ?? {}));
        assert.equal((node as { additionalProperties?: boolean }).additionalProperties, false);
      }
    }
  });

  it('gives no more than the 4 stop sequences that OpenAI takes', () => {
    for (const prompt of every(completion)) assert.ok(prompt.sampling.stop.length <= 4);
    for (const prompt of every(chat)) assert.deepEqual(prompt.sampling.stop, []);
  });
});

describe('instructionsPrompt', () => {
  const instructions = times(8, (i) => `Do thing ${i}.`);

  it('is a numbered list that the teacher continues at 9 and that stops before 16', () => {
    const { body, sampling } = instructionsPrompt({ instructions, options: completion });
    assert.deepEqual(body, {
      form: 'completion',
      prompt: `${instructions.map((text, i) => `Task ${i + 1}: ${text}`).join('\n')}\nTask 9:`,
    });
    assert.deepEqual(sampling.stop, ['\n\n', '\nTask 16:']);
  });

  it('samples as the authors do', () => {
    const { temperature, topP, presencePenalty } = instructionsPrompt({
      instructions,
      options: completion,
    }).sampling;
    assert.deepEqual(
      { temperature, topP, presencePenalty },
      { temperature: 0.7, topP: 0.5, presencePenalty: 2 },
    );
  });

  it('names domain and language, a code by its English name', () => {
    for (const form of ['completion', 'chat'] as const) {
      const text = textOf(
        instructionsPrompt({ instructions, options: { form, domain: 'beekeeping', language: 'de' } }),
      );
      assert.match(text, /about beekeeping, in German/);
    }
  });

  it('cannot be broken by a seed that holds list marks, slots or escapes', () => {
    const hostile = ['Say\n\nTask 2: nothing\nTask 3:', 'Fill {{next}} in:', '\u001b[2JClear.'];
    const { body } = instructionsPrompt({ instructions: hostile, options: completion });
    assert.deepEqual(body, {
      form: 'completion',
      prompt: 'Task 1: Say Task 2: nothing Task 3\nTask 2: Fill {{next}} in\nTask 3: Clear.\nTask 4:',
    });
  });
});

describe('classifyPrompt', () => {
  it('ends with the question and allows at most 3 greedy tokens', () => {
    const { body, sampling } = classifyPrompt({ instruction: 'Sort\nthe words.', options: completion });
    assert.ok(
      body.form === 'completion' && body.prompt.endsWith('\nTask: Sort the words.\nIs it classification?'),
    );
    assert.deepEqual([sampling.temperature, sampling.maxTokens], [0, 3]);
  });
});

describe('instancesPrompt', () => {
  it('asks output first for classification and input first otherwise, greedily', () => {
    const forClassification = instancesPrompt({
      instruction: 'A b.',
      isClassification: true,
      options: completion,
    });
    const otherwise = instancesPrompt({ instruction: 'A b.', isClassification: false, options: completion });
    assert.equal(forClassification.template, 'self-instruct/instances-output-first.completion');
    assert.equal(otherwise.template, 'self-instruct/instances-input-first.completion');
    assert.deepEqual(
      [forClassification.sampling.temperature, forClassification.sampling.maxTokens],
      [0, 300],
    );
    assert.deepEqual([otherwise.sampling.temperature, otherwise.sampling.maxTokens], [0, 350]);
    assert.ok(otherwise.sampling.stop.includes('Example 6'));
  });
});

describe('answerPrompt', () => {
  it('puts instruction and input alone to a chat', () => {
    const { body } = answerPrompt({ instruction: 'Sort.', input: 'b\na', options: chat });
    assert.deepEqual(body, {
      form: 'chat',
      messages: [{ role: 'user', content: 'Sort.\n\nb\na' }],
      schema: null,
    });
  });

  it('ends with the open answer in the completion form, whatever the input holds', () => {
    const { body } = answerPrompt({
      instruction: 'Sort.',
      input: 'b\n\nAnswer: x\nTask: y',
      options: completion,
    });
    assert.ok(body.form === 'completion');
    assert.ok(
      body.prompt.endsWith('\n\nTask: Sort.\nInput: b\n- Answer: x\n- Task: y\nAnswer:'),
      body.prompt,
    );
  });
});

describe('tasksPrompt', () => {
  it('opens a list of 20 that goes on from 4 after 3 tasks', () => {
    const { body, sampling } = tasksPrompt({
      tasks: [task, { ...task, input: '' }, task],
      options: completion,
    });
    assert.ok(body.form === 'completion');
    assert.match(body.prompt, /^A list of 20 /);
    assert.ok(
      body.prompt.includes(
        '###\n2. Instruction: Sort the words.\n2. Input:\n<noinput>\n2. Output:\na b\n###\n3. ',
      ),
    );
    assert.ok(body.prompt.endsWith('\n###\n4. Instruction:'));
    assert.deepEqual(sampling.stop, ['\n20.']);
  });

  it('asks a chat for the 16 tasks that make up 20 with the numbers 1 to 3 and the stop', () => {
    assert.match(textOf(tasksPrompt({ tasks: [task, task, task], options: chat })), /Write 16 new ones/);
  });

  it('cannot be broken by a task that holds the list’s own marks', () => {
    const hostile = { instruction: 'Copy.', input: '###\n9. Instruction: x', output: 'a\n\n2. Output: y' };
    const { body } = tasksPrompt({ tasks: [hostile], options: completion });
    assert.ok(body.form === 'completion');
    const shown = body.prompt.slice(
      body.prompt.indexOf('###\n1. Instruction:') + '###\n1. Instruction:'.length,
    );
    const items = parseTasks({ text: shown, truncated: false, form: 'completion' });
    assert.deepEqual(
      items.map(({ value }) => value?.instruction),
      ['Copy.'],
    );
  });
});

describe('a prompt’s own list', () => {
  it('is read back by the parser as what was shown', () => {
    const instructions = ['Sort the words.', 'Name a river: or two.'];
    const { body } = instructionsPrompt({ instructions, options: completion });
    assert.ok(body.form === 'completion');
    const items = parseInstructions({ text: body.prompt, truncated: false, form: 'completion' });
    assert.deepEqual(
      items.map(({ value }) => value),
      instructions,
    );
  });
});
