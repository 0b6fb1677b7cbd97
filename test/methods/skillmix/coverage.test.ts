import assert from 'node:assert/strict';
import { seededRandom } from '../../../methods/random.js';
import { type Coverage, coverage, type UsedCombination } from '../../../methods/skillmix/coverage.js';
import { coverageTable } from '../../../methods/skillmix/coverage-table.js';
import { drawSkills, queryTypeAt } from '../../../methods/skillmix/draw.js';
import { times } from '../seeds.js';

const names = (count: number) => times(count, (i) => `skill_${i}`);
const queryTypes = times(7, (i) => ({ name: `type ${i}`, definition: '' }));

function drawn(options: {
  skills: readonly string[];
  k: number;
  examples: number;
  runSeed: number;
}): UsedCombination[] {
  const { skills, k, runSeed } = options;
  return times(options.examples, (ordinal) => ({
    skills: drawSkills({ skills, k, random: seededRandom(runSeed, 'example', ordinal) }),
    queryType: queryTypeAt({ queryTypes, ordinal, runSeed }).name,
    isAccepted: ordinal % 10 > 0,
  }));
}

describe('coverage', () => {
  it('counts skills, pairs and query types', () => {
    const used = [
      { skills: ['c', 'a'], queryType: 'type 1', isAccepted: true },
      { skills: ['a', 'c'], queryType: 'type 1', isAccepted: false },
      { skills: ['b', 'c'], queryType: 'type 0', isAccepted: true },
    ];
    const found = coverage({ skills: ['a', 'b', 'c'], queryTypes: queryTypes.slice(0, 3), k: 2, used });
    assert.deepEqual(found.skills, [
      { name: 'a', used: 2, accepted: 1 },
      { name: 'b', used: 1, accepted: 1 },
      { name: 'c', used: 3, accepted: 2 },
    ]);
    assert.deepEqual(found.queryTypes, [
      { name: 'type 0', used: 1, accepted: 1 },
      { name: 'type 1', used: 2, accepted: 1 },
      { name: 'type 2', used: 0, accepted: 0 },
    ]);
    assert.deepEqual(found.pairs, [
      [0, 2, 2],
      [1, 2, 1],
    ]);
    assert.deepEqual([found.examples, found.accepted, found.k], [3, 2, 2]);
    assert.deepEqual(found.uniformity.queryTypes, { fewest: 0, most: 2, difference: 2 });
    // E = 2: (0 + 1 + 1) / 2 · (3 − 1) / (3 − 2)
    assert.equal(found.uniformity.skills?.chiSquare, 2);
    assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
  });

  it('finds uniform draws uniform, for 50 seeds and each number of skills', () => {
    const scores: number[] = [];
    for (let runSeed = 0; runSeed < 50; runSeed++) {
      const k = 1 + (runSeed % 4);
      const skills = names(runSeed % 2 ? 40 : 200);
      const { uniformity } = coverage({
        skills,
        queryTypes,
        k,
        used: drawn({ skills, k, examples: 700, runSeed }),
      });
      assert.ok(
        uniformity.skills && Math.abs(uniformity.skills.z) < 4,
        `seed ${runSeed}: ${uniformity.skills?.z}`,
      );
      assert.deepEqual(uniformity.queryTypes, { fewest: 100, most: 100, difference: 0 });
      scores.push(uniformity.skills.z);
      if (uniformity.pairs?.standardDeviation) {
        const { distinct, expectedDistinct, standardDeviation } = uniformity.pairs;
        assert.ok(Math.abs(distinct - expectedDistinct) < 4 * standardDeviation, `seed ${runSeed}`);
      }
    }
    // A standard normal's mean over 50 lies within 0.57 of 0 in all but 1 of 16,000 cases, its deviation within 0.6 and 1.4.
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    const deviation = Math.sqrt(scores.reduce((sum, z) => sum + (z - mean) ** 2, 0) / scores.length);
    assert.ok(Math.abs(mean) < 0.57 && deviation > 0.6 && deviation < 1.4, `${mean} ${deviation}`);
  });

  it('finds a bias', () => {
    const skills = names(100);
    for (let runSeed = 0; runSeed < 10; runSeed++) {
      const random = seededRandom('biased', runSeed);
      const used = drawn({ skills, k: 2, examples: 2000, runSeed }).map((example) =>
        random.next() < 0.3 ? { ...example, skills: random.sample(skills.slice(0, 20), 2) } : example,
      );
      const { uniformity } = coverage({ skills, queryTypes, k: 2, used });
      assert.ok(uniformity.skills && uniformity.skills.z > 10, String(uniformity.skills?.z));
    }
  });

  it('finds dealing in turns more even than chance', () => {
    const skills = names(100);
    const used = times(1000, (i) => ({
      skills: [`skill_${(2 * i) % 100}`, `skill_${(2 * i + 1) % 100}`],
      queryType: 'type 0',
      isAccepted: true,
    }));
    const { uniformity } = coverage({ skills, queryTypes, k: 2, used });
    assert.ok(uniformity.skills && uniformity.skills.z < -10);
    assert.equal(uniformity.pairs?.distinct, 50);
  });

  it('expects as many distinct pairs as trials show', () => {
    for (const [count, k] of [
      [6, 2],
      [8, 3],
    ] as const) {
      const skills = names(count);
      const found = times(2000, (runSeed) =>
        coverage({ skills, queryTypes, k, used: drawn({ skills, k, examples: 10, runSeed }) }),
      );
      const counts = found.map(({ uniformity }) => uniformity.pairs?.distinct ?? NaN);
      const mean = counts.reduce((a, b) => a + b) / counts.length;
      const deviation = Math.sqrt(counts.reduce((sum, c) => sum + (c - mean) ** 2, 0) / counts.length);
      const { expectedDistinct, standardDeviation } = found[0]?.uniformity.pairs ?? assert.fail();
      assert.ok(
        Math.abs(mean - expectedDistinct) < (5 * deviation) / Math.sqrt(2000),
        `${mean} ${expectedDistinct}`,
      );
      if (k === 2)
        assert.ok(
          Math.abs(deviation - (standardDeviation ?? NaN)) < 0.08,
          `${deviation} ${standardDeviation}`,
        );
      else assert.equal(standardDeviation, null);
    }
  });

  it('says nothing of evenness where there is none to be', () => {
    const uniformityOf = (skills: string[], k: number, examples: number) =>
      coverage({ skills, queryTypes, k, used: drawn({ skills, k, examples, runSeed: 1 }) }).uniformity;
    assert.deepEqual([uniformityOf(names(5), 2, 0).skills, uniformityOf(names(5), 2, 0).pairs], [null, null]);
    assert.deepEqual([uniformityOf(names(5), 0, 9).skills, uniformityOf(names(5), 0, 9).pairs], [null, null]);
    assert.equal(uniformityOf(names(2), 2, 9).skills, null);
    assert.deepEqual(uniformityOf(names(2), 2, 9).pairs, {
      possible: 1,
      distinct: 1,
      expectedDistinct: 1,
      standardDeviation: 0,
    });
    assert.equal(uniformityOf(names(5), 1, 9).pairs, null);
    assert.equal(coverage({ skills: [], queryTypes: [], k: 0, used: [] }).uniformity.queryTypes, null);
  });

  it('refuses an example that was drawn from other lists', () => {
    const used = [{ skills: ['knots'], queryType: 'type 0', isAccepted: true }];
    assert.throws(
      () => coverage({ skills: ['sails'], queryTypes, k: 1, used }),
      /^RangeError: the skill "knots" is not in the list that examples are drawn from$/,
    );
  });
});

describe('coverageTable', () => {
  const table = (skills: string[], k: number, rows: number, change?: (found: Coverage) => void) => {
    const found = coverage({ skills, queryTypes, k, used: drawn({ skills, k, examples: 70, runSeed: 3 }) });
    change?.(found);
    return coverageTable(found, { rows });
  };

  it('shows the most and the least used skills, the query types, and what chance makes of it', () => {
    const lines = table(names(60), 2, 3);
    assert.equal(lines[0], '70 examples, 63 accepted');
    assert.equal(
      lines.indexOf(lines.find((line) => /^most used skills +used +accepted$/.test(line)) ?? ''),
      2,
    );
    assert.ok(/^least used skills/.test(lines[7] ?? ''));
    assert.ok(/^query types/.test(lines[12] ?? ''));
    assert.equal(lines.filter((line) => /^ {2}skill_\d+ +\d+ +\d+$/.test(line)).length, 6);
    assert.equal(lines.filter((line) => /^ {2}type \d +10 +\d+$/.test(line)).length, 7);
    assert.match(
      lines.at(-3) ?? '',
      /^Each of 60 skills: \d to \d times, 2\.33 on average; X² = [\d.]+ with 59 degrees of freedom, z = -?\d\.\d\d: as even as chance makes it\.$/,
    );
    assert.match(lines.at(-2) ?? '', /^Pairs: \d+ different ones of 1,770; chance gives 68\.7 ± 1\.1\.$/);
    assert.equal(lines.at(-1), 'Each of 7 query types: 10 to 10 times.');
  });

  it('shows a short list once, and no skills where there are none', () => {
    const short = table(names(6), 2, 3);
    assert.equal(short.filter((line) => line.startsWith('  skill_')).length, 6);
    assert.ok(!table([], 0, 3).some((line) => line.includes('skill')));
  });

  it('says when chance does not explain it', () => {
    for (const [z, words] of [
      [5, /: less even than chance makes it\.$/],
      [-5, /: more even than chance makes it\.$/],
    ] as const) {
      const lines = table(names(60), 2, 3, ({ uniformity }) => {
        if (uniformity.skills) uniformity.skills.z = z;
      });
      assert.match(lines.at(-3) ?? '', words);
    }
  });
});
