import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type SelectOptions, type SelectReport, selectFile } from '../../client/select/select-file.js';
import { writeNpy } from '../../similarity/npy.js';
import { temporaryFolder } from '../temporary-folder.js';
import { installedCli } from './installation.js';

interface Files {
  [name: string]: string | Buffer | Uint8Array;
}

const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const npy = (values: number[][]) =>
  writeNpy({
    rows: values.length,
    columns: values[0]?.length ?? 1,
    values: Float32Array.from(values.flat()),
  });

/** b is near a, and d is the worst. */
const rows = [
  { id: 'c', evol_instruction_score: 2, evol_response_score: 2, vector: [0, 1, 0] },
  { id: 'b', evol_instruction_score: 4, evol_response_score: 2, vector: [1, 0.1, 0] },
  { id: 'a', evol_instruction_score: 3, evol_response_score: 3, vector: [1, 0, 0] },
  { id: 'd', evol_instruction_score: 1, evol_response_score: 1, vector: [0, 0, 1] },
];
const scores = ['evol_instruction_score', 'evol_response_score'];
const tau = { cosine: 0.9 };
const deita: SelectOptions['rule'] = { by: 'deita', scores, vectors: { field: 'vector' }, tau };

describe('selectFile', () => {
  const folder = temporaryFolder();
  const at = (name: string) => path.join(folder(), name);
  const read = (name: string) => readFile(at(name), 'utf8');
  const readIds = async (name: string) =>
    (await read(name))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id);

  async function select(files: Files, more: Partial<SelectOptions> = {}): Promise<SelectReport> {
    for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
    return await selectFile({
      input: at('in.jsonl'),
      out: at('out.jsonl'),
      dropped: at('dropped.jsonl'),
      size: 2,
      rule: deita,
      missingScores: 'refuse',
      seed: 0,
      ranked: false,
      ...more,
    });
  }

  it('writes selected rows as they are, in their order, and says why the others are not there', async () => {
    const report = await select({ 'in.jsonl': lines(rows) });
    assert.equal(await read('out.jsonl'), lines([rows[0], rows[2]]));
    const cosine = 1 / Math.hypot(1, Math.fround(0.1));
    const [b, d] = (await read('dropped.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      { ...b, similarity: 0 },
      {
        row: 2,
        id: 'b',
        score: 8,
        reason: 'similar',
        similarity: 0,
        nearest: { row: 3, id: 'a' },
        example: rows[1],
      },
    );
    assert.ok(Math.abs(b.similarity - cosine) < 1e-12);
    assert.deepEqual(d, { row: 4, id: 'd', score: 1, reason: 'not-reached', example: rows[3] });
    const { seconds, selectSeconds, selectCpuSeconds, peakMemoryMb, histogram, ...counts } = report;
    assert.deepEqual(counts, {
      rows: 4,
      selected: 2,
      lookedAt: 3,
      rejectedSimilar: 1,
      notReached: 1,
      scoreMissing: 0,
      comparisons: 2,
      tau: 0.9,
      warning: null,
    });
    assert.ok(seconds >= selectSeconds && selectSeconds >= 0 && selectCpuSeconds >= 0 && peakMemoryMb > 0);
    assert.equal(histogram?.sampled, 4);
    assert.equal(
      histogram.bins.reduce((sum, bin) => sum + bin.count, 0),
      4,
    );
    assert.deepEqual(histogram.bins.at(-1), { from: 0.95, to: 1, count: 2 });
  });

  it('writes them in the order of selection when asked, the last line without an end included', async () => {
    await select({ 'in.jsonl': lines([...rows].reverse()).trimEnd() }, { ranked: true });
    assert.equal(await read('out.jsonl'), lines([rows[2], rows[0]]));
  });

  it('keeps an array an array', async () => {
    await select({ 'in.jsonl': JSON.stringify(rows, null, 2) }, { ranked: true });
    assert.deepEqual(JSON.parse(await read('out.jsonl')), [rows[2], rows[0]]);
    await select({ 'in.jsonl': '[]' });
    assert.deepEqual(JSON.parse(await read('out.jsonl')), []);
  });

  it('selects the same with a matrix', async () => {
    const fromField = await select({ 'in.jsonl': lines(rows) });
    const selected = await read('out.jsonl');
    const matrix = { 'e.npy': npy(rows.map(({ vector }) => vector)) };
    const fromMatrix = await select(matrix, { rule: { ...deita, vectors: { matrix: at('e.npy') } } });
    assert.equal(await read('out.jsonl'), selected);
    assert.deepEqual(
      { ...fromMatrix, seconds: 0, selectSeconds: 0, selectCpuSeconds: 0, peakMemoryMb: 0 },
      { ...fromField, seconds: 0, selectSeconds: 0, selectCpuSeconds: 0, peakMemoryMb: 0 },
    );
  });

  it('sums the products of a conversation’s turns', async () => {
    const conversations = [
      { id: 1, complexity: [2, 2], quality: [2, 2] },
      { id: 2, complexity: [1, 3], quality: [1, 3] },
      { id: 3, complexity: 3, quality: 3 },
    ];
    const rule = { by: 'score', scores: ['complexity', 'quality'] } as const;
    await select({ 'in.jsonl': lines(conversations) }, { rule, ranked: true });
    assert.deepEqual(await readIds('out.jsonl'), [2, 3]);
    assert.equal(JSON.parse(await read('dropped.jsonl')).score, 8);
  });

  it('decides ties by the id: numbers, texts, then rows without one in their order', async () => {
    const tied = [{ n: 0 }, { id: 'b' }, { n: 2 }, { id: 10 }, { id: 'a' }, { id: 9 }];
    const rule = { by: 'score', scores: ['s'] } as const;
    await select(
      { 'in.jsonl': lines(tied.map((row) => ({ ...row, s: 1 }))) },
      { rule, size: 6, ranked: true },
    );
    const order = (await read('out.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      order.map(({ id, n }) => id ?? `n${n}`),
      [9, 10, 'a', 'b', 'n0', 'n2'],
    );
  });

  it('leaves rows without a score out when told to, and counts them', async () => {
    const missing = [{ id: 'm' }, { id: 'n', s: null }, { id: 'o', s: [] }, { id: 'p', s: [1, null] }];
    const rule = { by: 'score', scores: ['s'] } as const;
    const input = { 'in.jsonl': lines([...missing, { id: 'q', s: 1 }]) };
    const report = await select(input, { rule, missingScores: 'drop' });
    assert.deepEqual(await readIds('out.jsonl'), ['q']);
    const dropped = (await read('dropped.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).reason);
    assert.deepEqual(dropped, Array(4).fill('score-missing'));
    assert.equal(report.scoreMissing, 4);
    assert.equal(report.warning, 'only 1 of 2 rows could be selected');
  });

  it('takes tau as a quantile of the sampled nearest-neighbour cosines', async () => {
    const report = await select(
      { 'in.jsonl': lines(rows) },
      { rule: { ...deita, tau: { quantile: 0 } }, size: 4 },
    );
    assert.equal(report.tau, 0);
    assert.equal(report.rejectedSimilar, 1);
  });

  it('warns when tau rejects more than half of what was looked at', async () => {
    const same = rows.map((row) => ({ ...row, vector: [1, 1] }));
    const report = await select({ 'in.jsonl': lines(same) });
    assert.match(report.warning ?? '', /^a tau of 0.9 rejected 3 of the 4 rows .*; only 1 of 2 rows could/);
  });

  it('selects by what it is compared with', async () => {
    const files = { 'in.jsonl': lines(rows) };
    const vectors = { field: 'vector' };
    const selected: Record<string, string[]> = {};
    const rules: SelectOptions['rule'][] = [
      { by: 'score', scores },
      { by: 'diversity', vectors, tau },
      { by: 'k-center', vectors },
    ];
    for (const rule of rules) {
      await select(files, { rule, size: 3, ranked: true });
      selected[rule.by] = await readIds('out.jsonl');
    }
    assert.deepEqual(selected, {
      score: ['a', 'b', 'c'],
      diversity: ['c', 'b', 'd'],
      'k-center': ['c', 'a', 'd'],
    });
  });

  it('selects at random as the seed says, and needs neither scores nor vectors', async () => {
    const many = lines(Array.from({ length: 50 }, (_, id) => ({ id })));
    const drawn = [];
    for (const seed of [1, 1, 2]) {
      await select({ 'in.jsonl': many }, { rule: { by: 'random' }, size: 10, seed });
      drawn.push(await readIds('out.jsonl'));
    }
    assert.deepEqual(drawn[0], drawn[1]);
    assert.notDeepEqual(drawn[0], drawn[2]);
    assert.equal(drawn[0]?.length, 10);
  });

  describe('bad input', () => {
    const bad: Record<string, { files: Files; more?: () => Partial<SelectOptions>; says: RegExp }> = {
      'a missing score': {
        files: { 'in.jsonl': lines([rows[0], { id: 'x', evol_instruction_score: 1 }]) },
        says: /in\.jsonl:2: row 2: evol_response_score is missing; --missing-scores drop/,
      },
      'a score that is a text': {
        files: { 'in.jsonl': lines([{ ...rows[0], evol_response_score: '3' }]) },
        says: /in\.jsonl:1: row 1: evol_response_score must be a number or a list of numbers, not a text$/,
      },
      'a score that is not finite': {
        files: { 'in.jsonl': '{"evol_instruction_score": 1e999, "evol_response_score": 1}' },
        says: /in\.jsonl:1: row 1: evol_instruction_score is Infinity: only finite scores/,
      },
      'turns that do not match': {
        files: { 'in.jsonl': lines([{ ...rows[0], evol_response_score: [1, 2] }]) },
        says: /row 1: evol_instruction_score and evol_response_score have 1 and 2 scores$/,
      },
      'no vector': {
        files: { 'in.jsonl': lines([{ ...rows[0], vector: undefined }]) },
        says: /in\.jsonl:1: row 1: vector is missing$/,
      },
      'a vector of another length': {
        files: { 'in.jsonl': lines([rows[0], { ...rows[1], vector: [1] }]) },
        says: /in\.jsonl:2: row 2: vector has 1 numbers; those before have 3$/,
      },
      'a gap in a vector': {
        files: { 'in.jsonl': lines([{ ...rows[0], vector: [1, null] }]) },
        says: /row 1: vector has null in place 1, not a number$/,
      },
      'NaN in a matrix': {
        files: {
          'in.jsonl': `\n${lines(rows)}`,
          'e.npy': npy([
            [1, 0],
            [0, 1],
            [0, Number.NaN],
            [1, 1],
          ]),
        },
        more: () => ({ rule: { ...deita, vectors: { matrix: at('e.npy') } } }),
        says: /in\.jsonl:4: row 3: number 1 of its vector in .*e\.npy is NaN: not finite$/,
      },
      'a matrix of another length': {
        files: { 'in.jsonl': lines(rows), 'e.npy': npy([[1], [2], [3]]) },
        more: () => ({ rule: { ...deita, vectors: { matrix: at('e.npy') } } }),
        says: /e\.npy: has 3 rows; .*in\.jsonl has 4$/,
      },
      'a row that is no JSON': {
        files: { 'in.jsonl': `${lines([rows[0]])}{"id": \n` },
        says: /in\.jsonl:2: row 2: is not JSON/,
      },
      'the input as output': {
        files: { 'in.jsonl': lines(rows) },
        more: () => ({ out: at('in.jsonl') }),
        says: /in\.jsonl: an input and --out cannot be the same file$/,
      },
      'the matrix as output': {
        files: { 'in.jsonl': lines(rows), 'e.npy': npy([[1]]) },
        more: () => ({ dropped: at('e.npy'), rule: { ...deita, vectors: { matrix: at('e.npy') } } }),
        says: /e\.npy: an input and --dropped cannot be the same file$/,
      },
      'a quantile of nothing': {
        files: { 'in.jsonl': lines([rows[0]]) },
        more: () => ({ rule: { ...deita, tau: { quantile: 0.9 } } }),
        says: /^--tau as a quantile needs two rows at least/,
      },
    };
    for (const [what, { files, more = () => ({}), says }] of Object.entries(bad)) {
      it(`refuses ${what}, and writes nothing`, async () => {
        await assert.rejects(select(files, more()), { name: 'UserError', message: says });
        const left = (await readdir(folder())).filter((name) => !Object.hasOwn(files, name));
        assert.deepEqual(left, []);
      });
    }

    it('writes nothing when it is interrupted', async () => {
      const signal = AbortSignal.abort(new Error('interrupted'));
      await assert.rejects(select({ 'in.jsonl': lines(rows) }, { signal }), { message: 'interrupted' });
      assert.deepEqual(await readdir(folder()), ['in.jsonl']);
    });
  });
});

describe('seedmill select', () => {
  const folder = temporaryFolder();
  let cli: string;
  before(async function () {
    this.timeout(0);
    cli = await installedCli();
  });
  beforeEach(() => writeFile(path.join(folder(), 'in.jsonl'), lines(rows)));

  const run = (...args: string[]) =>
    execa(process.execPath, [cli, 'select', ...args], { cwd: folder(), reject: false });
  const usual = ['--in', 'in.jsonl', '--out', 'out.jsonl'];

  it('reports as one JSON object, with nothing but that on standard output', async () => {
    const { stdout, exitCode } = await run(...usual, '--size', '2', '--embeddings', 'vector', '--json');
    assert.equal(exitCode, 0);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.rows, report.selected, report.comparisons, report.tau], [4, 2, 2, 0.9]);
  });

  it('shows the histogram and the warning to people', async () => {
    const args = ['--size', '4', '--embeddings', 'vector', '--tau', 'q0'];
    const { stdout, stderr, exitCode } = await run(...usual, ...args);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /4 rows: 3 selected, 1 too similar.*\ntau: 0\ncosine to the nearest neighbour, of 4 rows:\n/,
    );
    assert.match(stdout, / {2}0\.95 █+ 2\n/);
    assert.match(stderr, /^warning: only 3 of 4 rows could be selected$/);
  });

  const refused: Record<string, { args: string[]; says: RegExp }> = {
    'no size': { args: ['--embeddings', 'vector'], says: /--size <number>' not specified/ },
    'a size of 0': { args: ['--size', '0'], says: /give a whole number from 1/ },
    'no embeddings': { args: ['--size', '1'], says: /--by deita needs --embeddings/ },
    'a tau above 1': { args: ['--size', '1', '--tau', 'q1.1'], says: /give a number from 0 to 1/ },
    'a tau for k-center': {
      args: ['--size', '1', '--by', 'k-center', '--embeddings', 'vector', '--tau', '0.9'],
      says: /--by k-center has no --tau/,
    },
    'scores for random': {
      args: ['--size', '1', '--by', 'random', '--scores', 's'],
      says: /--by random looks at no scores/,
    },
    'embeddings for score': {
      args: ['--size', '1', '--by', 'score', '--embeddings', 'vector'],
      says: /--by score compares nothing/,
    },
    'three fields': {
      args: ['--size', '1', '--by', 'score', '--scores', 'a,b,c'],
      says: /give a field, or two with a comma/,
    },
  };
  for (const [what, { args, says }] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => {
      const { stderr, exitCode } = await run(...usual, ...args);
      assert.match(stderr, says);
      assert.equal(exitCode, 2);
    });
  }
});
