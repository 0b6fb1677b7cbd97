import assert from 'node:assert/strict';
import path from 'node:path';
import type { Candidate } from '../../activities/types.js';
import { openDataset, type RunDataset } from '../../client/export/run-dataset.js';
import type { SplitKind } from '../../client/export/names.js';
import { type Side, splitRows } from '../../client/export/split.js';
import { rougeL } from '../../similarity/rouge-l.js';
import { temporaryFolder } from '../temporary-folder.js';
import { endedLoop } from './ended-run.js';

describe('a split into training and test rows', () => {
  const folder = temporaryFolder();

  const dataset = async (examples: Partial<Candidate>[], recipe = {}): Promise<RunDataset> => {
    const { store, runId } = await endedLoop(path.join(folder(), 'runs'), { examples, recipe });
    return await openDataset(store, runId);
  };
  const split = (from: RunDataset, testShare: number, kind: SplitKind = 'random') =>
    splitRows(from, { testShare, kind }, () => {});
  const sides = (from: RunDataset, { sideOf }: { sideOf(index: number): Side | null }) =>
    [...from.rows()].map((row, index) => ({ row, side: sideOf(index) }));
  const plain = (count: number) => Array.from({ length: count }, () => ({}));
  const mixed = (skills: string[]) => ({
    mix: { skills, queryType: 'Advice', shirker: null, score: null },
  });

  it('draws the share, alike each time, and otherwise for another seed', async () => {
    const from = await dataset(plain(50));
    const drawn = (one: RunDataset) =>
      sides(one, split(one, 0.2)).flatMap(({ row, side }) => (side === 'test' ? row.id : []));
    assert.equal(drawn(from).length, 10);
    assert.deepEqual(drawn(from), drawn(await dataset(plain(50))));
    assert.notDeepEqual(drawn(from), drawn(await dataset(plain(50), { seed: 2 })));
  });

  it('has no near-duplicate across, however long the chain of them', async () => {
    // Each differs from the next in one word of ten.
    const words = Array.from({ length: 40 }, (_, n) => `word${n}`);
    const chain = Array.from({ length: 20 }, (_, n) => ({ instruction: words.slice(n, n + 10).join(' ') }));
    const from = await dataset([...chain, ...plain(20)]);
    const made = split(from, 0.4);
    const all = sides(from, made);
    const of = (wanted: Side) => all.flatMap(({ row, side }) => (side === wanted ? row.instruction : []));
    assert.ok(made.report.movedBack > 0 && of('test').length > 0);
    assert.equal(of('test').length + of('train').length, 40);
    for (const tested of of('test'))
      for (const trained of of('train'))
        assert.ok(
          rougeL(tested.toLowerCase().split(' '), trained.toLowerCase().split(' ')).fMeasure <= 0.7,
          `${tested} | ${trained}`,
        );
  });

  it('tests by skills that are not trained on, and leaves near-duplicates out', async () => {
    const skills = Array.from({ length: 30 }, (_, n) => mixed([`skill_${n % 6}`, `other_${n % 5}`]));
    const same = { instruction: 'The very same instruction for the same thing.' };
    const from = await dataset(
      skills.map((one, n) => (n % 7 === 0 ? { ...one, ...same } : one)),
      { method: 'skillmix', seeds: undefined },
    );
    const made = split(from, 0.3, 'skill');
    const all = sides(from, made);
    const trained = new Set(
      all.flatMap(({ row, side }) => (side === 'train' ? (row.lineage.mix?.skills ?? []) : [])),
    );
    const tested = all.filter(({ side }) => side === 'test');
    assert.ok(tested.length > 0 && tested.length <= 9);
    for (const { row } of tested) assert.ok(row.lineage.mix?.skills.some((skill) => !trained.has(skill)));
    assert.equal(made.report.leftOut, all.filter(({ side }) => side === null).length);
    assert.equal(made.report.movedBack, 0);
  });

  it('tests by seed tasks that are not trained on', async () => {
    const from = await dataset(plain(60));
    const all = sides(from, split(from, 0.2, 'seed'));
    const seeds = (wanted: Side) =>
      new Set(all.flatMap(({ row, side }) => (side === wanted ? (row.lineage.seedIds ?? []) : [])));
    assert.equal(seeds('test').size, 1);
    assert.equal(seeds('train').size, 5);
  });

  it('is refused where a set would be empty', async () => {
    const same = plain(4).map(() => ({ instruction: 'Always the same words here.' }));
    const alike = await dataset(same);
    assert.throws(() => split(alike, 0.5), /every row that was drawn for the test set is too similar/);
    const one = await dataset(plain(1));
    assert.throws(() => split(one, 0.5), /no row would be left for training/);
    const few = await dataset(plain(6));
    assert.throws(
      () => split(few, 0.5, 'skill'),
      /no row of .* has a skill \(method sedi\); split at random/,
    );
  });
});
