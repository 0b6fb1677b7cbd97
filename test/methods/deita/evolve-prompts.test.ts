import assert from 'node:assert/strict';
import type { Aspect } from '../../../activities/types.js';
import { evolvePrompt, gainPrompt, rankPrompt } from '../../../methods/deita/evolve-prompts.js';
import { complexityPrompt, qualityPrompt } from '../../../methods/deita/score-prompts.js';
import {
  complexityStrategies,
  type EvolutionStrategy,
  qualityStrategies,
} from '../../../methods/deita/strategies.js';
import { templates } from '../../../methods/deita/templates.js';
import { type Prompt, type PromptForm, templateHash, wantsJson } from '../../../methods/prompt.js';
import type { RecipeWords } from '../../../methods/prompt-options.js';

const forms = ['chat', 'completion'] as const;
const pair = { instruction: 'Why is the sky blue?', response: 'It scatters.' };
const ways: [Aspect, EvolutionStrategy][] = [
  ...complexityStrategies.map((one): [Aspect, EvolutionStrategy] => ['complexity', one]),
  ...qualityStrategies.map((one): [Aspect, EvolutionStrategy] => ['quality', one]),
];

const textOf = ({ body }: Prompt): string => {
  assert.ok(body.form !== 'embedding');
  return body.form === 'completion' ? body.prompt : (body.messages.at(-1)?.content ?? '');
};

function evolution(form: PromptForm, options: RecipeWords): Prompt[] {
  return [
    ...ways.map(([aspect, strategy]) => evolvePrompt({ aspect, strategy, ...pair, form, options })),
    ...(['complexity', 'quality'] as const).flatMap((aspect) => [
      gainPrompt({ before: 'a', after: 'b', aspect, form, options }),
      rankPrompt({ aspect, texts: ['a', 'b'], instruction: 'Why?', form, options }),
    ]),
  ];
}

function every(form: PromptForm, options: RecipeWords): Prompt[] {
  const inJson = { scorer: 'judge', answers: 'json', form: 'chat', options } as const;
  return [
    ...evolution(form, options),
    ...(form === 'chat'
      ? [complexityPrompt({ ...pair, ...inJson }), qualityPrompt({ ...pair, ...inJson })]
      : []),
    ...(['logits', 'judge'] as const).flatMap((scorer) => [
      complexityPrompt({ ...pair, scorer, form, options }),
      qualityPrompt({ ...pair, scorer, form, options }),
    ]),
  ];
}

describe('every prompt of DEITA', () => {
  it('names its template and carries its hash, and the templates are all listed', () => {
    const listed = new Map(templates.map((template) => [template.name, templateHash(template)]));
    assert.equal(listed.size, templates.length);
    assert.equal(new Set(listed.values()).size, templates.length);
    const prompts = forms.flatMap((form) => every(form, {}));
    assert.deepEqual(new Set(prompts.map(({ template }) => template)), new Set(listed.keys()));
    for (const prompt of prompts) assert.equal(prompt.templateHash, listed.get(prompt.template));
  });

  it('leaves no slot open, and no word undefined', () => {
    for (const form of forms)
      for (const options of [{}, { domain: 'boats', language: 'de', system: 'Be fair.' }])
        for (const prompt of every(form, options))
          assert.doesNotMatch(textOf(prompt), /\{\{|\}\}\}|undefined/, prompt.template);
  });

  it('is in the form that was asked for; evolution in chats has a schema for strict structured output', () => {
    for (const { body } of every('completion', {})) assert.equal(body.form, 'completion');
    for (const { body, sampling } of evolution('chat', {})) {
      assert.ok(body.form === 'chat' && wantsJson(body) && body.schema);
      assert.match(body.schema.name, /^\w+$/);
      strict(body.schema.schema);
      assert.deepEqual(sampling.stop, []);
    }
  });

  it('has the recipe’s system text first, and none without', () => {
    for (const { body, template } of evolution('chat', { system: ' Be fair. ' })) {
      assert.ok(body.form === 'chat');
      assert.deepEqual(body.messages[0], { role: 'system', content: 'Be fair.' }, template);
    }
    for (const prompt of evolution('completion', { system: ' Be fair. ' }))
      assert.match(textOf(prompt), /^Be fair\.\n\nYou|^Be fair\.\n\nBelow/);
    for (const { body } of evolution('chat', {}))
      assert.ok(body.form === 'chat' && body.messages.length === 1);
  });
});

function strict(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  const { type, properties, required, additionalProperties, items } = schema as Record<string, unknown>;
  if (type === 'object') {
    assert.deepEqual(required, Object.keys(properties as object));
    assert.equal(additionalProperties, false);
    Object.values(properties as object).forEach(strict);
  }
  strict(items);
}

describe('evolvePrompt', () => {
  const asked = (options: RecipeWords, texts = pair) =>
    textOf(evolvePrompt({ aspect: 'quality', strategy: 'depth', ...texts, form: 'chat', options }));

  it('differs with the strategy', () => {
    const texts = evolution('chat', {}).map(textOf);
    assert.equal(new Set(texts).size, texts.length);
  });

  it('says what stays the same: subject and language', () => {
    assert.match(asked({}), /It keeps its subject and its language\./);
    assert.match(
      asked({ domain: 'boats', language: 'de' }),
      /It keeps its subject, boats, and is written in German\./,
    );
  });

  it('keeps texts between their marks, and what looks like a slot', () => {
    const instruction = 'Print {{response}}</instruction> $&';
    const text = asked({}, { instruction, response: 'a</response></rewritten>b' });
    assert.ok(text.includes('Print {{response}}‹/instruction> $&'));
    assert.ok(text.includes('a‹/response>‹/rewritten>b'));
  });

  it('lets a completion go on inside the mark that ends it', () => {
    const { body, sampling } = evolvePrompt({
      ...{ aspect: 'complexity', strategy: 'deepen', instruction: 'Why?', form: 'completion' },
      options: {},
    });
    assert.ok(body.form === 'completion' && body.prompt.endsWith('<rewritten>\n'));
    assert.deepEqual(sampling.stop, ['</rewritten>']);
  });

  it('refuses a strategy of the other aspect, and quality without a response', () => {
    const common = { instruction: 'Why?', form: 'chat', options: {} } as const;
    assert.throws(() => evolvePrompt({ ...common, aspect: 'complexity', strategy: 'depth' }), RangeError);
    assert.throws(() => evolvePrompt({ ...common, aspect: 'quality', strategy: 'deepen' }), RangeError);
    assert.throws(() => evolvePrompt({ ...common, aspect: 'quality', strategy: 'depth' }), /response/);
  });
});

describe('rankPrompt', () => {
  it('numbers the texts in the order given, each between its own marks', () => {
    const text = textOf(
      rankPrompt({ aspect: 'complexity', texts: ['b', 'a</text>', 'c'], form: 'chat', options: {} }),
    );
    assert.ok(
      text.includes(
        '<text number="1">\nb\n</text>\n\n<text number="2">\na‹/text>\n</text>\n\n<text number="3">\nc\n</text>',
      ),
    );
    assert.match(text, /Below are 3 instructions/);
  });

  it('wants a score for each of the texts, in a chat and in a completion', () => {
    const texts = ['a', 'b', 'c'];
    const chat = rankPrompt({ aspect: 'complexity', texts, form: 'chat', options: {} });
    assert.ok(textOf(chat).endsWith('{"scores": { "1": n, "2": n, "3": n }}'));
    assert.ok(chat.body.form === 'chat' && chat.body.schema !== null);
    const { properties } = chat.body.schema.schema as { properties: { scores: { required: string[] } } };
    assert.deepEqual(properties.scores.required, ['1', '2', '3']);
    const completion = rankPrompt({ aspect: 'complexity', texts, form: 'completion', options: {} });
    assert.ok(textOf(completion).endsWith('[1] Score:'));
    assert.deepEqual(completion.sampling.stop, ['\n\n', '[4]']);
  });

  it('refuses no texts, more than 6, and responses without their instruction', () => {
    const common = { form: 'chat', options: {} } as const;
    assert.throws(() => rankPrompt({ ...common, aspect: 'complexity', texts: [] }), RangeError);
    const many = Array.from({ length: 7 }, () => 'a');
    assert.throws(() => rankPrompt({ ...common, aspect: 'complexity', texts: many }), /not 7/);
    assert.throws(() => rankPrompt({ ...common, aspect: 'quality', texts: ['a'] }), /instruction/);
  });
});
