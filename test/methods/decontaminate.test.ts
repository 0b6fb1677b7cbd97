import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type BenchmarkPrompt,
  Decontaminator,
  NGRAM,
  ROUGE_L_THRESHOLD,
} from '../../methods/decontaminate.js';
import { rougeL } from '../../similarity/rouge-l.js';
import { times } from './seeds.js';

const train =
  'A train leaves the harbour at nine and travels to the mountains at sixty kilometres an hour without a stop.';
const prompts: BenchmarkPrompt[] = [
  { id: 'train', text: train },
  { id: 'river', text: 'Name the longest river.' },
];

function decontaminator(more: Partial<ConstructorParameters<typeof Decontaminator>[0]> = {}): Decontaminator {
  return new Decontaminator({
    prompts,
    ngram: NGRAM,
    threshold: ROUGE_L_THRESHOLD,
    tokenisation: 'rouge',
    ...more,
  });
}

describe('Decontaminator', () => {
  it('finds 13 tokens in a row wherever they stand, whatever their case and punctuation', () => {
    const quoting = `${'Something else comes first. '.repeat(9)} The TRAIN leaves the harbour, at nine, and travels to the mountains at sixty km/h.`;
    assert.deepEqual(decontaminator().check(quoting), {
      id: 'train',
      kind: 'ngram',
      detail: '13 tokens in common: train leaves the harbour at nine and travels to the mountains at sixty',
    });
  });

  it('lets 12 tokens in a row pass', () => {
    const words = train.split(' ');
    const text = `${words.slice(0, 12).join(' ')} ${'quite other words stand here instead '.repeat(3)}`;
    assert.equal(decontaminator().check(text), null);
  });

  it('compares a short prompt by ROUGE-L', () => {
    assert.deepEqual(decontaminator().check('Please name the longest river.'), {
      id: 'river',
      kind: 'rouge-l',
      detail: 'ROUGE-L 0.889',
    });
    assert.equal(decontaminator().check('Name the capital of the country with the longest river.'), null);
  });

  it('finds a long prompt whose words were changed here and there', () => {
    const changed = train.replace('nine', 'ten').replace('sixty', 'eighty');
    assert.equal(decontaminator().check(changed)?.kind, 'rouge-l');
  });

  it('compares other scripts by Unicode’s words', () => {
    const found = decontaminator({
      prompts: [{ id: 'reka', text: 'Назовите самую длинную реку в мире' }],
      ngram: 4,
      tokenisation: 'unicode',
    }).check('Если можно, назовите самую длинную реку: где она начинается, и куда впадает?');
    assert.deepEqual([found?.id, found?.kind], ['reka', 'ngram']);
  });

  it('names the first of the prompts that have an n-gram in common', () => {
    const twice = [...prompts, { id: 'again', text: train }];
    assert.equal(decontaminator({ prompts: twice }).check(train)?.id, 'train');
  });

  it('finds nothing without prompts, and never ends a run over an empty or an endless text', () => {
    assert.equal(decontaminator({ prompts: [] }).check(train), null);
    for (const text of ['', ' \n', '?!', 'word '.repeat(40_000)])
      assert.equal(decontaminator().check(text), null);
    const endless = { id: 'endless', text: times(40_000, (i) => `word${i}`).join(' ') };
    assert.equal(decontaminator({ prompts: [endless] }).check(endless.text.slice(-200))?.kind, 'ngram');
  });

  it('refuses impossible settings', () => {
    assert.throws(
      () => decontaminator({ ngram: 0 }),
      /^RangeError: an n-gram has a whole number of tokens from 1/,
    );
    assert.throws(
      () => decontaminator({ threshold: 70 }),
      /^RangeError: a ROUGE-L threshold lies within 0 and 1/,
    );
  });

  it('agrees with a search of every pair', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 14 })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 6 }),
        text,
        fc.integer({ min: 1, max: 6 }),
        (benchmark, candidate, ngram) => {
          const numbered = benchmark.map((one, i) => ({ id: String(i), text: one }));
          const found = decontaminator({ prompts: numbered, ngram }).check(candidate);
          const words = candidate.split(' ');
          const windows = times(Math.max(0, words.length - ngram + 1), (i) =>
            words.slice(i, i + ngram).join(' '),
          );
          const shares = (one: string, window: string) => ` ${one} `.includes(` ${window} `);
          const window = windows.find((one) => benchmark.some((other) => shares(other, one)));
          if (window !== undefined) {
            const id = String(benchmark.findIndex((other) => shares(other, window)));
            assert.deepEqual([found?.id, found?.kind], [id, 'ngram']);
            assert.ok(found?.detail.endsWith(`in common: ${window}`));
            return;
          }
          const scores = benchmark.map((other) => rougeL(words, other.split(' ')).fMeasure);
          const best = Math.max(0, ...scores);
          if (best > ROUGE_L_THRESHOLD)
            assert.deepEqual([found?.id, found?.kind], [String(scores.indexOf(best)), 'rouge-l']);
          else assert.equal(found, null);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
