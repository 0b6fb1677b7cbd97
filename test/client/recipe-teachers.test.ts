import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { usedTeachers } from '../../activities/teachers.js';
import { readRecipe } from '../../client/recipe-file.js';
import { settleTeachers } from '../../client/settle-teachers.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('teachers, prices and budgets of a recipe', () => {
  const folder = temporaryFolder();

  async function recipe(...lines: string[]) {
    const file = path.join(folder(), 'recipe.yaml');
    const head = ['name: small', 'method: sedi', 'target: 10', 'seeds: seeds.jsonl'];
    await writeFile(file, `${[...head, ...lines].join('\n')}\n`);
    return (await readRecipe(file)).recipe;
  }
  const cheap = ['teacher:', '  endpoint: openai', '  model: cheap'];
  const strong = ['teachers:', '  strong: {endpoint: openai, model: strong}'];
  const staged = ['generation:', '  prompts: staged', '  answers: direct'];

  it('are the ones that its phases need and those that can take over, each once', async () => {
    const read = await recipe(
      ...cheap,
      '  fallback: [spare]',
      ...strong,
      '  spare: {endpoint: openai, model: spare, concurrency: 7}',
      '  unused: {endpoint: openai, model: unused}',
      ...staged,
      '  teachers: {answers: strong}',
    );
    assert.deepEqual(
      usedTeachers(read).map(({ name }) => name),
      ['default', 'spare', 'strong'],
    );
    assert.equal(read.teachers.spare?.concurrency, 7);
  });

  it('may stand in for each other', async () => {
    const read = await recipe(
      ...cheap,
      '  fallback: [spare]',
      'teachers:',
      '  spare:',
      '    endpoint: openai',
      '    model: spare',
      '    fallback: [default]',
    );
    assert.deepEqual(read.teachers.spare?.fallback, ['default']);
  });

  it('may be one more that makes vectors, in the same local model server', async () => {
    const read = await recipe(
      'teacher:',
      '  endpoint: local',
      'teachers:',
      '  near: {endpoint: local, form: embedding}',
    );
    assert.deepEqual([read.teacher.form, read.teachers.near?.form], ['completion', 'embedding']);
  });

  it('are asked for a fresh sample after a bad answer, those that make vectors only where the recipe says so', async () => {
    const read = await recipe(
      ...cheap,
      'teachers:',
      '  near: {endpoint: openai, model: e, form: embedding}',
      '  again: {endpoint: openai, model: e, form: embedding, freshSamples: 2}',
    );
    const { near, again } = read.teachers;
    assert.deepEqual(
      [read.teacher, near, again].map((one) => one?.freshSamples),
      [1, 0, 2],
    );
  });

  const near = (keys: string) => [
    'teachers:',
    `  near: {endpoint: openai, model: e, form: embedding${keys}}`,
  ];
  const refused: Record<string, { lines: string[]; says: RegExp }> = {
    'a phase with a teacher that nobody has': {
      lines: [...cheap, ...strong, ...staged, '  teachers:', '    answers: wise'],
      says: /^\S+:14: generation\.teachers\.answers: no teacher "wise"; there are strong, default$/,
    },
    'a teacher for calls that are not made': {
      lines: [...cheap, ...strong, ...staged, '  teachers:', '    instances: strong'],
      says: /^\S+:14: generation\.teachers\.instances: this recipe makes no such calls, only instructions, answers/,
    },
    'a fallback that nobody has': {
      lines: [...cheap, '  fallback: [wise]'],
      says: /^\S+:8: teacher\.fallback: no other teacher "wise"; there are default$/,
    },
    'a fallback to itself': {
      lines: [...cheap, '  fallback: [default]'],
      says: /^\S+:8: teacher\.fallback: no other teacher "default"/,
    },
    'a fallback named twice': {
      lines: [...cheap, '  fallback: [strong, strong]', ...strong],
      says: /^\S+:8: teacher\.fallback: names a teacher twice$/,
    },
    'a fallback of another form': {
      lines: [
        ...cheap,
        '  fallback: [strong]',
        'teachers:',
        '  strong: {endpoint: openai, model: s, form: completion}',
      ],
      says: /^\S+:8: teacher\.fallback: "strong" has form: completion, "default" has form: chat; a stand-in gets the same prompts$/,
    },
    'a fallback that makes batches': {
      lines: [
        ...cheap,
        '  fallback: [strong]',
        'teachers:',
        '  strong: {endpoint: openai, model: s, mode: batch}',
      ],
      says: /^\S+:8: teacher\.fallback: "strong" has mode: batch and cannot stand in for another$/,
    },
    'a main teacher that makes vectors': {
      lines: [...cheap, '  form: embedding'],
      says: /^\S+:8: teacher\.form: embedding belongs to one of `teachers`; this one writes texts$/,
    },
    'vectors in batches': {
      lines: [...cheap, ...near(', mode: batch')],
      says: /^\S+:9: teachers\.near\.mode: batch belongs to form: completion and form: chat/,
    },
    'a form that there is not': {
      lines: [...cheap, '  form: poem'],
      says: /^\S+:8: teacher\.form: /,
    },
    'a teacher that makes vectors in place of one that writes': {
      lines: [...cheap, '  fallback: [near]', ...near('')],
      says: /^\S+:8: teacher\.fallback: "near" has form: embedding, "default" has form: chat; /,
    },
    'a teacher that writes in place of one that makes vectors': {
      lines: [...cheap, ...near(', fallback: [default]')],
      says: /^\S+:9: teachers\.near\.fallback: "default" has form: chat, "near" has form: embedding; /,
    },
    'vectors of another model in place of those of one': {
      lines: [...cheap, ...near(', fallback: [far]'), '  far: {endpoint: openai, model: f, form: embedding}'],
      says: /^\S+:9: teachers\.near\.fallback: "far" has another model than "near"; vectors of two models cannot be compared$/,
    },
    'a phase whose teacher makes vectors': {
      lines: [...cheap, ...near(''), ...staged, '  teachers:', '    answers: near'],
      says: /^\S+:14: generation\.teachers\.answers: "near" has form: embedding and writes no texts$/,
    },
    'a second model for local vectors': {
      lines: [
        'teacher: {endpoint: local}',
        'teachers:',
        '  near: {endpoint: local, form: embedding, gguf: other.gguf}',
      ],
      says: /^\S+:7: teachers\.near\.gguf: belongs to "default": one model server is started, and makes the vectors too$/,
    },
    'two local teachers that make vectors': {
      lines: [
        ...cheap,
        'teachers:',
        '  near: {endpoint: local, form: embedding}',
        '  far: {endpoint: local, form: embedding}',
      ],
      says: /^\S+:9: teachers: one teacher can have endpoint: local, and one more with form: embedding/,
    },
    'two local teachers': {
      lines: ['teacher:', '  endpoint: local', 'teachers:', '  other:', '    endpoint: local'],
      says: /^\S+:8: teachers: one teacher can have endpoint: local/,
    },
    'a further teacher with the name of the first': {
      lines: [...cheap, 'teachers:', '  default: {endpoint: openai, model: x}'],
      says: /^\S+:9: teachers\.default: is the name of `teacher`; give one another name$/,
    },
    'a negative price': {
      lines: [...cheap, '  price:', '    inputUsdPerMTok: -1', '    outputUsdPerMTok: 1'],
      says: /^\S+:9: teacher\.price\.inputUsdPerMTok: a price is 0 or more, in dollars per million tokens$/,
    },
    'a negative price in batches': {
      lines: [
        ...cheap,
        '  price:',
        '    inputUsdPerMTok: 1',
        '    outputUsdPerMTok: 1',
        '    batch: {inputUsdPerMTok: 1, outputUsdPerMTok: -0.1}',
      ],
      says: /^\S+:11: teacher\.price\.batch\.outputUsdPerMTok: a price is 0 or more/,
    },
    'a price of cached input above that of input': {
      lines: [
        ...cheap,
        '  price:',
        '    inputUsdPerMTok: 1',
        '    cachedInputUsdPerMTok: 2',
        '    outputUsdPerMTok: 1',
      ],
      says: /^\S+:10: teacher\.price\.cachedInputUsdPerMTok: cached input cannot cost more than inputUsdPerMTok$/,
    },
    'a price that is no number': {
      lines: [...cheap, '  price: {inputUsdPerMTok: .inf, outputUsdPerMTok: 1}'],
      says: /^\S+:8: teacher\.price\.inputUsdPerMTok: /,
    },
    'a budget of nothing': {
      lines: [...cheap, 'budget:', '  usd: 0'],
      says: /^\S+:9: budget\.usd: a budget must be more than 0; leave the key out for no limit$/,
    },
    'a negative budget': {
      lines: [...cheap, 'budget:', '  calls: -5'],
      says: /^\S+:9: budget\.calls: a budget must be more than 0/,
    },
    'a budget of half a token': {
      lines: [...cheap, 'budget:', '  tokens: 0.5'],
      says: /^\S+:9: budget\.tokens: .*expected int/,
    },
  };
  for (const [what, { lines, says }] of Object.entries(refused)) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(recipe(...lines), ({ message }: Error) => {
        assert.match(message, says);
        return true;
      });
    });
  }

  describe('once they are settled', () => {
    const budget = ['budget:', '  usd: 5'];

    it('have the price that holds where they are reached', async () => {
      const read = await recipe(
        'teacher:',
        '  endpoint: openai',
        '  model: gpt-4.1-mini',
        '  baseUrl: https://api.openai.com/v1/',
        '  id: mine',
        ...budget,
      );
      const { endpoints } = await settleTeachers(read, null);
      assert.equal(endpoints.default?.identity, 'id:mine');
      assert.equal(endpoints.default?.price?.inputUsdPerMTok, 0.4);
    });

    it('refuse a budget in dollars where no price is known', async () => {
      const read = await recipe(...cheap, '  baseUrl: https://example.com/v1', ...budget);
      await assert.rejects(
        settleTeachers(read, null),
        /^UserError: budget\.usd: no price is known for cheap \(teacher default\): set its price in the recipe/,
      );
    });

    it('need no price of a teacher that is not called', async () => {
      const priced = [
        ...cheap,
        '  baseUrl: https://example.com/v1',
        '  price: {inputUsdPerMTok: 1, outputUsdPerMTok: 2}',
      ];
      const { endpoints } = await settleTeachers(await recipe(...priced, ...strong, ...budget), null);
      assert.deepEqual(Object.keys(endpoints), ['default']);
    });
  });
});
