import assert from 'node:assert/strict';
import { seededRandom } from '../../../methods/random.js';
import { type Comparison, winRate } from '../../../methods/evaluation/win-rate.js';

const aWins: Comparison = { aFirst: 'first', bFirst: 'second', lengthDifference: 0 };
const bWins: Comparison = { aFirst: 'second', bFirst: 'first', lengthDifference: 0 };

describe('win rate', () => {
  it('counts a prompt half where the judge names the same place in both orders', () => {
    const found = winRate([aWins, bWins, { ...aWins, bFirst: 'first' }, aWins]);
    assert.equal(found.winRate, 2.5 / 4);
    assert.equal(found.disagreed, 1);
  });

  it('goes by the one verdict that can be read, and counts what cannot', () => {
    const found = winRate([
      { ...aWins, bFirst: 'neither' },
      { ...bWins, aFirst: null },
      { aFirst: 'neither', bFirst: 'neither', lengthDifference: 3 },
    ]);
    assert.equal(found.prompts, 2);
    assert.equal(found.winRate, 0.5);
    assert.equal(found.unreadable, 3);
  });

  it('says nothing of nothing', () => {
    const none = { prompts: 0, winRate: null, lengthControlled: null, disagreed: 0, unreadable: 0 };
    assert.deepEqual(winRate([]), none);
  });

  it('is not told at equal lengths of fewer than ten prompts', () => {
    assert.equal(winRate(Array.from({ length: 9 }, () => aWins)).lengthControlled, null);
  });

  it('sees through a judge that goes by length alone', () => {
    const random = seededRandom('lengths');
    const comparisons = Array.from({ length: 400 }, () => {
      const lengthDifference = Math.round((random.next() - 0.2) * 1_000);
      const prefersA = random.next() < 1 / (1 + Math.exp(-lengthDifference / 200));
      return { ...(prefersA ? aWins : bWins), lengthDifference };
    });
    const found = winRate(comparisons);
    assert.ok((found.winRate as number) > 0.65);
    assert.ok(Math.abs((found.lengthControlled as number) - 0.5) < 0.1, `${found.lengthControlled}`);
  });

  it('leaves a preference that has nothing to do with length', () => {
    const random = seededRandom('better');
    const comparisons = Array.from({ length: 400 }, () => {
      const lengthDifference = Math.round((random.next() - 0.5) * 1_000);
      return { ...(random.next() < 0.7 ? aWins : bWins), lengthDifference };
    });
    const found = winRate(comparisons);
    assert.ok(Math.abs((found.lengthControlled as number) - (found.winRate as number)) < 0.02);
  });

  it('is found where every prompt is won, and where all answers are of one length', () => {
    const { lengthControlled } = winRate(Array.from({ length: 50 }, () => aWins));
    assert.ok((lengthControlled as number) > 0.95 && (lengthControlled as number) <= 1);
  });

  it('changes sides with the sides', () => {
    const random = seededRandom('sides');
    const comparisons = Array.from({ length: 60 }, () => ({
      ...(random.next() < 0.6 ? aWins : bWins),
      lengthDifference: random.int(100) - 20,
    }));
    const turned = comparisons.map(({ aFirst, bFirst, lengthDifference }) => ({
      aFirst: bFirst,
      bFirst: aFirst,
      lengthDifference: -lengthDifference,
    }));
    const [one, other] = [winRate(comparisons), winRate(turned)];
    assert.ok(Math.abs((one.winRate as number) + (other.winRate as number) - 1) < 1e-9);
    assert.ok(Math.abs((one.lengthControlled as number) + (other.lengthControlled as number) - 1) < 1e-6);
  });
});
