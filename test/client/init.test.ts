import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { startsFromData } from '../../activities/recipe-deita.js';
import { recipeSchema } from '../../activities/recipe-schema.js';
import { init } from '../../client/commands/init.js';
import { plan } from '../../client/commands/plan.js';
import { choicesOf, hasTarget } from '../../client/init/choices.js';
import { budgetOf, type Given, methods } from '../../client/init/options.js';
import { type Asker, askFor } from '../../client/init/questions.js';
import { recipeText } from '../../client/init/recipe-text.js';
import { parseRecipe } from '../../client/recipe-file.js';
import { schemaProblems } from '../schema-check.js';
import { temporaryFolder } from '../temporary-folder.js';

const teachers = ['local', 'openai', 'http://127.0.0.1:8000/v1'];
const budgets = [undefined, 'usd=5', 'calls=2000', 'tokens=1000000'];

const combinations = methods.flatMap((method) =>
  teachers.flatMap((teacher) => budgets.map((budget) => ({ method, teacher, budget }))),
);

function givenOf({ method, teacher, budget }: (typeof combinations)[number]): Given {
  const limit = budget === undefined ? null : budgetOf(budget);
  return {
    method,
    teacher,
    ...(teacher !== 'local' && { model: 'gpt-4.1-mini' }),
    ...(hasTarget(method) && { target: 12 }),
    ...(limit !== null && { budget: limit }),
    ...(startsFromData(method) && { data: 'rows.jsonl' }),
  };
}

describe('seedmill init', () => {
  const folder = temporaryFolder();
  const said: string[] = [];
  const output = { say: (line: string) => void said.push(line), json: false, verbose: false };
  beforeEach(() => said.splice(0));

  for (const one of combinations) {
    const { method, teacher, budget = 'no limit' } = one;
    it(`writes a commented recipe for ${method} with ${teacher} and ${budget}`, () => {
      const text = recipeText(choicesOf(givenOf(one)), path.join(folder(), 'mine.yaml'));
      const { recipe } = parseRecipe({ path: 'mine.yaml', text }, []);
      assert.equal(recipe.method, method);
      assert.equal(recipe.name, 'mine');
      assert.equal(recipe.teacher.endpoint, teacher === 'local' ? 'local' : 'openai');
      assert.deepEqual(schemaProblems(recipeSchema(), parse(text)), []);
      assert.match(text, /^# yaml-language-server: \$schema=\S+recipe\.schema\.json\n/);
      assert.deepEqual(uncommented(text), []);
    });
  }

  for (const method of methods) {
    it(`writes a recipe for ${method} that plan works on`, async () => {
      const rows = [1, 2, 3].map((n) => JSON.stringify({ instruction: `Count to ${n}.`, output: `${n}` }));
      const file = (name: string) => path.join(folder(), name);
      writeFileSync(file('rows.jsonl'), rows.join('\n'));
      const given = givenOf({ method, teacher: 'openai', budget: 'usd=5' });
      if (given.data !== undefined) given.data = file('rows.jsonl');
      assert.equal(await init(output, { file: file('mine.yaml'), given }), 0);
      const context = { ...output, storeUrl: file('runs'), stateDir: file('state') };
      assert.equal(await plan(context, { recipePath: file('mine.yaml'), set: [] }), 0);
      assert.match(said.join('\n'), /calls/);
    });
  }

  it('says which options it needs where nobody can be asked', async () => {
    const file = path.join(folder(), 'mine.yaml');
    await assert.rejects(
      init(output, { file, given: { method: 'deita' }, canAsk: false }),
      /needs --teacher, --target, --data/,
    );
    await assert.rejects(
      init(output, { file, given: {}, canAsk: false }),
      /needs --method, --teacher, --target/,
    );
    await assert.rejects(
      init(output, { file, given: { method: 'sedi', teacher: 'openai', target: 5 }, canAsk: false }),
      /needs --model/,
    );
  });

  it('refuses options that do not go together', () => {
    const refused = (given: Given, why: RegExp) => assert.throws(() => choicesOf(given), why);
    refused(
      { method: 'sedi', teacher: 'local', target: 5, data: 'x' },
      /--data: belongs to deita and evolve/,
    );
    refused({ method: 'skillmix', teacher: 'local', target: 5, seeds: 'x' }, /--seeds: belongs to sedi/);
    refused({ method: 'evolve', teacher: 'local', target: 5, data: 'x' }, /--target: evolve takes every row/);
    refused({ method: 'sedi', teacher: 'local', target: 5, model: 'x' }, /--model: belongs to an endpoint/);
  });

  it('overwrites nothing', async () => {
    const file = path.join(folder(), 'mine.yaml');
    writeFileSync(file, 'precious');
    const given = givenOf({ method: 'sedi', teacher: 'local', budget: undefined });
    await assert.rejects(init(output, { file, given }), /is there already and is not overwritten/);
    assert.equal(readFileSync(file, 'utf8'), 'precious');
  });

  it('writes nothing that a run would refuse', async () => {
    const file = path.join(folder(), 'mine.yaml');
    const given: Given = { method: 'sedi', teacher: 'openai', model: 'no-such-model', target: 5 };
    await assert.rejects(
      init(output, { file, given: { ...given, budget: { unit: 'usd', amount: 5 } } }),
      /no price is known/,
    );
    assert.throws(() => readFileSync(file));
  });

  it('writes the name of the variable that has the key, and never the key', async () => {
    const file = path.join(folder(), 'mine.yaml');
    const before = process.env.OPENAI_API_KEY;
    process.env.OPENAI_API_KEY = 'sk-test-0123456789abcdef';
    try {
      await init(output, { file, given: givenOf({ method: 'sedi', teacher: 'openai', budget: undefined }) });
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
    assert.match(readFileSync(file, 'utf8'), /apiKeyEnv: OPENAI_API_KEY/);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /sk-test/);
    assert.match(said.join('\n'), /read from the environment variable OPENAI_API_KEY/);
  });

  it('asks with the three questions for a file and an endpoint of one’s own', async () => {
    const { asker, asked } = scripted(['deita', 'rows.jsonl', 'url', 'http://h/v1', 'm', '100']);
    assert.deepEqual(await askFor({}, asker), {
      method: 'deita',
      data: 'rows.jsonl',
      teacher: 'http://h/v1',
      model: 'm',
      target: 100,
    });
    assert.equal(asked.length, 6);
  });

  it('asks three questions otherwise, and nothing that an option has said', async () => {
    const first = scripted(['sedi', 'local', '40']);
    assert.deepEqual(await askFor({}, first.asker), { method: 'sedi', teacher: 'local', target: 40 });
    const second = scripted(['sedi', 'openai', '1000']);
    const usual = { method: 'sedi', teacher: 'openai', model: 'gpt-4.1-mini', target: 1000 };
    assert.deepEqual(await askFor({}, second.asker), usual);
    const given: Given = { method: 'evolve', teacher: 'openai', model: 'm', data: 'rows.jsonl' };
    assert.deepEqual(await askFor(given, scripted([]).asker), given);
  });

  it('reads limits in dollars, calls and tokens', () => {
    assert.deepEqual(budgetOf('5'), { unit: 'usd', amount: 5 });
    assert.deepEqual(budgetOf('usd=0.5'), { unit: 'usd', amount: 0.5 });
    for (const wrong of ['', '0', 'calls=1.5', 'euro=5', 'calls=', '-1']) assert.equal(budgetOf(wrong), null);
  });
});

/** Dotted names of the keys without a comment; names that a person chooses have none. */
function uncommented(text: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown, prefix: string): void => {
    if (!isMap(node)) return;
    for (const [at, { key, value }] of node.items.entries()) {
      assert.ok(isScalar(key));
      const name = prefix === '' ? String(key.value) : `${prefix}.${String(key.value)}`;
      // The parser gives the comment of a map's first key to the map.
      const comment = key.commentBefore ?? (at === 0 ? (node.commentBefore ?? node.comment) : null);
      const isTop = prefix === '' && at === 0;
      if (!isTop && prefix !== 'teachers' && !comment) found.push(name);
      visit(value, name);
    }
  };
  visit(parseDocument(text).contents, '');
  return found;
}

function scripted(answers: string[]): { asker: Asker; asked: string[] } {
  const asked: string[] = [];
  const next = (message: string) => {
    asked.push(message);
    const answer = answers.shift();
    assert.ok(answer !== undefined, `nothing to answer to: ${message}`);
    return answer;
  };
  const asker: Asker = {
    select: async ({ message, choices }) => {
      const answer = next(message);
      const choice = choices.find(({ value }) => value === answer);
      assert.ok(choice);
      return choice.value;
    },
    input: async ({ message, validate }) => {
      const answer = next(message);
      assert.equal(validate?.(answer) ?? true, true);
      return answer;
    },
  };
  return { asker, asked };
}
