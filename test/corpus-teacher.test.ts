import assert from 'node:assert/strict';
import { CorpusTeacher, type CorpusTeacherOptions } from '../bench/corpus-teacher/corpus-teacher.js';
import { WordVectors } from '../bench/corpus-teacher/word-vectors.js';
import {
  answerPrompt,
  classifyPrompt,
  instancesPrompt,
  instructionsPrompt,
  tasksPrompt,
} from '../methods/self-instruct/prompts.js';
import {
  parseAnswer,
  parseInstances,
  parseInstructions,
  parseTasks,
} from '../methods/self-instruct/parse.js';
import type { Prompt } from '../methods/prompt.js';
import { rougeL } from '../similarity/rouge-l.js';
import { rougeTokens } from '../similarity/tokenise.js';
import { readRequest, type ScriptRequest } from './openai-wire.js';

const topics = ['rivers', 'bread', 'stars', 'trains', 'bees', 'clocks'];
const rows = topics.flatMap((topic) =>
  [
    'Name three facts on',
    'Write a poem for children about',
    'Explain to a beginner how one studies',
    'List good books on',
  ].map((verb, at) => ({
    instruction: `${verb} ${topic}`,
    input: at === 2 ? `of ${topic}` : '',
    output: at === 0 ? 'Yes' : `All about ${topic}, in the way of ${verb}.`,
  })),
);
const usual: CorpusTeacherOptions = {
  rows,
  temperature: 0.02,
  copies: 0,
  favourites: 2,
  changed: 0.4,
  seed: 0,
};
const options = { form: 'chat' as const };

function teacher(changes: Partial<CorpusTeacherOptions> = {}): (prompt: Prompt, seed?: number) => string {
  const { answer } = new CorpusTeacher({ ...usual, ...changes });
  return (prompt, seed = 1) => answer(request(prompt, seed)).text;
}

function request({ body }: Prompt, seed: number): ScriptRequest {
  if (body.form !== 'chat') throw new Error('a chat prompt is needed');
  const schema = body.schema && {
    response_format: { type: 'json_schema', json_schema: { schema: body.schema } },
  };
  return readRequest('/v1/chat/completions', { model: 'm', messages: body.messages, seed, ...schema });
}

function asked(topic: string): Prompt {
  const task = { instruction: `Name three facts on ${topic}`, input: '', output: 'Yes' };
  return tasksPrompt({ tasks: [task], options });
}

const read = (text: string) => ({ text, truncated: false, form: 'chat' as const });

describe('corpus teacher', () => {
  it('answers with rows of the corpus, those near the seeds most', () => {
    const tasks = parseTasks(read(teacher()(asked('bees')))).map(({ value }) => value);
    const known = new Set(rows.map(({ instruction }) => instruction));
    assert.ok(tasks.length >= 16);
    assert.ok(tasks.every((task) => task !== null && known.has(task.instruction)));
    const first = tasks.slice(0, 4).map((task) => task?.instruction);
    assert.ok(
      first.every((instruction) => /bees|facts/.test(instruction ?? '')),
      `${first}`,
    );
  });

  it('gives the same request the same answer, and another seed another one', () => {
    assert.equal(teacher()(asked('bees'), 1), teacher()(asked('bees'), 1));
    assert.notEqual(teacher()(asked('bees'), 1), teacher()(asked('bees'), 2));
    assert.notEqual(teacher({ seed: 1 })(asked('bees'), 1), teacher()(asked('bees'), 1));
  });

  it('repeats a few rows with words changed, as often as it is told', () => {
    const tasks = parseTasks(read(teacher({ copies: 1, favourites: 1 })(asked('bees')))).flatMap(
      ({ value }) => value ?? [],
    );
    const [favourite] = rows
      .map((row) => ({
        row,
        near: tasks.filter(
          (task) => rougeL(rougeTokens(task.instruction), rougeTokens(row.instruction)).fMeasure > 0.5,
        ).length,
      }))
      .sort((a, b) => b.near - a.near);
    assert.ok((favourite?.near ?? 0) > tasks.length / 2);
    assert.ok(new Set(tasks.map(({ instruction }) => instruction)).size > 1, 'words are changed');
  });

  it('answers every prompt of the staged form', () => {
    const ask = teacher();
    const listed = parseInstructions(
      read(ask(instructionsPrompt({ instructions: ['Name three facts on rivers'], options }))),
    );
    assert.equal(listed.length, 7);
    const instruction = 'Write a poem for children about bees';
    assert.equal(
      parseAnswer(read(ask(answerPrompt({ instruction, options }))))[0]?.value,
      'All about bees, in the way of Write a poem for children about.',
    );
    const explained = 'Explain to a beginner how one studies bees';
    const prompt = instancesPrompt({ instruction: explained, isClassification: false, options });
    const [instance] = parseInstances({ ...read(ask(prompt)), isClassification: false });
    assert.equal(instance?.value?.input, 'of bees');
    assert.equal(ask(classifyPrompt({ instruction: 'Name three facts on bees', options })), 'Yes');
    assert.equal(ask(classifyPrompt({ instruction, options })), 'No');
  });

  it('refuses a corpus without rows, shares that are none and temperatures of 0', () => {
    assert.throws(() => teacher({ rows: [] }), /a corpus needs rows/);
    assert.throws(() => teacher({ copies: 1.5 }), /a share is from 0 to 1, not 1.5/);
    assert.throws(() => teacher({ temperature: 0 }), /a temperature above 0/);
  });
});

describe('word vectors', () => {
  it('say 1 of the text itself, 0 of one that shares no word, and nothing of unknown words', () => {
    const vectors = new WordVectors(['red apples', 'green pears', 'red pears']);
    const [same, none, half] = vectors.cosines(['red apples']) as unknown as [number, number, number];
    assert.ok(Math.abs(same - 1) < 1e-12);
    assert.equal(none, 0);
    assert.ok(half > 0 && half < 1);
    assert.deepEqual([...vectors.cosines(['violins'])], [0, 0, 0]);
  });
});
