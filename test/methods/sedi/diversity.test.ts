import assert from 'node:assert/strict';
import { collapseWarnings, diversityReport } from '../../../methods/sedi/diversity.js';
import { humanSeed, machineSeed, times } from '../seeds.js';

const report = (instructions: string[], ancestors: string[] = [], round = 1) =>
  diversityReport({
    round,
    instructions,
    pool: [humanSeed('h0'), ...ancestors.map((ancestor, i) => machineSeed(`m${i}`, ancestor))],
    tokenisation: 'rouge',
  });

describe('diversityReport', () => {
  it('counts different bigrams over all bigrams', () => {
    assert.equal(report(['a b c', 'a b d']).distinct2, 3 / 4);
    assert.equal(report(['a']).distinct2, null);
  });

  it('means the similarity of each instruction to its nearest other one', () => {
    assert.equal(report(['a b', 'a b', 'c d']).meanNearestSimilarity, 2 / 3);
    assert.equal(report(['a b']).meanNearestSimilarity, null);
  });

  it('gives the share of each ancestor in the machine seeds', () => {
    assert.deepEqual(report([], ['h2', 'h1', 'h2', 'h3']).offspringShares, [
      { ancestor: 'h2', share: 0.5 },
      { ancestor: 'h1', share: 0.25 },
      { ancestor: 'h3', share: 0.25 },
    ]);
  });
});

describe('collapseWarnings', () => {
  const varied = report(times(6, (i) => `a${i} b${i} c${i}`));

  it('says nothing of a round as varied as the first', () => {
    assert.deepEqual(collapseWarnings({ report: varied, first: varied }), []);
    assert.deepEqual(collapseWarnings({ report: report(['a b', 'a b']), first: null }), []);
  });

  it('warns when bigrams repeat and when instructions crowd together', () => {
    const warnings = collapseWarnings({
      report: report(
        times(6, () => 'a b c'),
        [],
        4,
      ),
      first: varied,
    });
    assert.equal(warnings.length, 2);
    assert.match(warnings[0] ?? '', /Round 4 repeats itself: distinct-2 fell from 1\.00/);
    assert.match(warnings[1] ?? '', /rose from 0\.00 to 1\.00/);
  });

  it('warns when one ancestor has most of at least 4 machine seeds', () => {
    assert.deepEqual(collapseWarnings({ report: report([], ['h1', 'h1', 'h1']), first: null }), []);
    assert.match(
      collapseWarnings({ report: report([], ['h1', 'h1', 'h1', 'h2']), first: null })[0] ?? '',
      /75 % .* seed h1/,
    );
  });
});
