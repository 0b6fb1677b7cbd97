import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type DedupeOptions, type DedupeReport, dedupeFile } from '../../client/dedupe/dedupe-file.js';
import { writeNpy } from '../../similarity/npy.js';
import { temporaryFolder } from '../temporary-folder.js';
import { installedCli } from './installation.js';

const rivers = 'Name the three longest rivers of Europe.';
const nearRivers = 'Name the three longest rivers of Asia.';
const tides = 'Explain why there are tides.';
const rouge = { metric: 'rouge-l', field: 'instruction', tokenisation: 'rouge' } as const;

interface Files {
  [name: string]: string | Buffer | Uint8Array;
}

describe('dedupeFile', () => {
  const folder = temporaryFolder();
  const at = (name: string) => path.join(folder(), name);
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const read = (name: string) => readFile(at(name), 'utf8');

  async function dedupe(files: Files, more: Partial<DedupeOptions> = {}): Promise<DedupeReport> {
    for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
    return await dedupeFile({
      input: at('in.jsonl'),
      out: at('out.jsonl'),
      dropped: at('dropped.jsonl'),
      threshold: 0.7,
      compare: rouge,
      ...more,
    });
  }

  it('keeps rows as they are, in their order, and says what each dropped one is near to', async () => {
    const first = `  {"instruction":"${rivers}",  "big": 12345678901234567890}\r\n`;
    const near = `{"id": "r2", "instruction": "${nearRivers}"}\n`;
    const last = `{"instruction":"${tides}"}`;
    const report = await dedupe({ 'in.jsonl': `\ufeff${first}\n${near}${last}` });
    assert.equal(await read('out.jsonl'), `\ufeff${first}${last}`);
    assert.equal(
      await read('dropped.jsonl'),
      `{"row":2,"id":"r2","similarity":0.8571428571428571,"nearest":{"row":1},"example":${near.trim()}}\n`,
    );
    const { seconds, ...counts } = report;
    assert.deepEqual(counts, { rows: 3, kept: 2, dropped: 1, pairsConsidered: 2, pairsScored: 1 });
    assert.ok(seconds >= 0);
  });

  it('keeps an array an array', async () => {
    const rows = [
      { instruction: rivers, input: '' },
      { instruction: nearRivers, input: '' },
      { instruction: tides, input: '' },
    ];
    await dedupe({ 'in.jsonl': JSON.stringify(rows, null, 2) });
    assert.deepEqual(JSON.parse(await read('out.jsonl')), [rows[0], rows[2]]);
    assert.deepEqual(JSON.parse(await read('dropped.jsonl')).example, rows[1]);
    await dedupe({ 'in.jsonl': '[]' });
    assert.deepEqual(JSON.parse(await read('out.jsonl')), []);
  });

  it('compares with the rows of another file and does not write them', async () => {
    const pool = lines([{ id: 7, instruction: rivers }]);
    const rows = [{ instruction: nearRivers }, { instruction: tides }];
    await dedupe({ 'in.jsonl': lines(rows), 'pool.jsonl': pool }, { against: at('pool.jsonl') });
    assert.equal(await read('out.jsonl'), lines([rows[1]]));
    const { nearest } = JSON.parse(await read('dropped.jsonl'));
    assert.deepEqual(nearest, { file: at('pool.jsonl'), row: 1, id: 7 });
  });

  it('finds a field inside objects and lists', async () => {
    const row = (content: string) => ({ messages: [{ role: 'user', content }] });
    const compare = { ...rouge, field: 'messages.0.content' };
    const report = await dedupe({ 'in.jsonl': lines([row(rivers), row(rivers)]) }, { compare });
    assert.equal(report.kept, 1);
  });

  it('takes texts without words for equal only when they are', async () => {
    const texts = ['', '   ', '🙂', '🙁', '写一首诗', '解释潮汐'];
    await dedupe({ 'in.jsonl': lines(texts.map((instruction) => ({ instruction }))) });
    assert.equal(
      await read('out.jsonl'),
      lines(['', '🙂', '🙁', '写一首诗', '解释潮汐'].map((instruction) => ({ instruction }))),
    );
  });

  it('gives the same files with threads', async () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => ({
      instruction: Array.from({ length: 6 }, (_, k) => `w${(n * (k + 3) * 7_919) % 11}`).join(' '),
    }));
    const alone = await dedupe({ 'in.jsonl': lines(rows) }, { threads: 1 });
    const files = [await read('out.jsonl'), await read('dropped.jsonl')];
    const threaded = await dedupe({}, { threads: 2 });
    assert.deepEqual([await read('out.jsonl'), await read('dropped.jsonl')], files);
    assert.deepEqual({ ...threaded, seconds: 0, pairsScored: 0 }, { ...alone, seconds: 0, pairsScored: 0 });
  });

  describe('with embeddings', () => {
    const vectors = [
      [1, 0, 0],
      [0.9, 0.1, 0],
      [0, 1, 0],
    ];
    const rows = vectors.map((vector, n) => ({ id: `v${n}`, vector }));
    const npy = (values: number[][]) =>
      writeNpy({ rows: values.length, columns: 3, values: Float32Array.from(values.flat()) });

    it('compares the vectors of a field, or of a matrix', async () => {
      const inField = await dedupe(
        { 'in.jsonl': lines(rows) },
        { threshold: 0.9, compare: { metric: 'cosine', embeddings: 'vector' } },
      );
      const kept = await read('out.jsonl');
      assert.equal(kept, lines([rows[0], rows[2]]));
      const inMatrix = await dedupe(
        { 'e.npy': npy(vectors) },
        { threshold: 0.9, compare: { metric: 'cosine', matrix: at('e.npy') } },
      );
      assert.equal(await read('out.jsonl'), kept);
      assert.deepEqual({ ...inMatrix, seconds: 0 }, { ...inField, seconds: 0 });
    });

    const cosine = { metric: 'cosine', embeddings: 'vector' } as const;
    const bad: Record<string, { files: Files; compare?: () => DedupeOptions['compare']; says: RegExp }> = {
      'a vector of another length': {
        files: { 'in.jsonl': lines([rows[0], { vector: [1, 2] }]) },
        says: /in\.jsonl:2: row 2: .* has 2 components; this index has 3/,
      },
      'no vector': {
        files: { 'in.jsonl': lines([{ vector: 'abc' }]) },
        says: /in\.jsonl:1: row 1: vector must be a list of numbers, not a text/,
      },
      'an empty vector': {
        files: { 'in.jsonl': lines([{ vector: [] }]) },
        says: /in\.jsonl:1: row 1: vectors need 1 to/,
      },
      'a gap in a vector': {
        files: { 'in.jsonl': lines([{ vector: [1, null] }]) },
        says: /row 1: vector has null in place 1, not a number/,
      },
      NaN: {
        files: { 'in.jsonl': lines(rows), 'e.npy': npy([...vectors.slice(0, 2), [0, Number.NaN, 1]]) },
        compare: () => ({ metric: 'cosine', matrix: at('e.npy') }),
        says: /in\.jsonl:3: row 3: component 1 of .* is NaN/,
      },
      'fewer vectors than rows': {
        files: { 'in.jsonl': lines(rows), 'e.npy': npy(vectors.slice(0, 2)) },
        compare: () => ({ metric: 'cosine', matrix: at('e.npy') }),
        says: /e\.npy: has 2 rows; .*in\.jsonl has more$/,
      },
      'more vectors than rows': {
        files: { 'in.jsonl': lines(rows.slice(0, 2)), 'e.npy': npy(vectors) },
        compare: () => ({ metric: 'cosine', matrix: at('e.npy') }),
        says: /e\.npy: has 3 rows; .*in\.jsonl has only 2$/,
      },
      'no matrix': {
        files: { 'in.jsonl': lines(rows), 'e.npy': 'abc' },
        compare: () => ({ metric: 'cosine', matrix: at('e.npy') }),
        says: /e\.npy: not a \.npy file/,
      },
    };
    for (const [what, { files, compare = () => cosine, says }] of Object.entries(bad)) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(dedupe(files, { compare: compare() }), { name: 'UserError', message: says });
      });
    }
  });

  describe('bad input', () => {
    const row = { instruction: tides };
    const bad: Record<string, { files: Files; more?: () => Partial<DedupeOptions>; says: RegExp }> = {
      'a missing field': {
        files: { 'in.jsonl': lines([row, { text: tides }]) },
        says: /in\.jsonl:2: row 2: instruction is missing$/,
      },
      'another type': {
        files: { 'in.jsonl': `\n${lines([row, { instruction: 3 }])}` },
        says: /in\.jsonl:3: row 2: instruction must be a text, not a number$/,
      },
      'a row that is no object': {
        files: { 'in.jsonl': lines([row, [tides]]) },
        says: /in\.jsonl:2: row 2: is not a JSON object/,
      },
      'a row that is no JSON': {
        files: { 'in.jsonl': `${lines([row])}{"instruction": \n` },
        says: /in\.jsonl:2: row 2: is not JSON/,
      },
      'an array that is not closed': {
        files: { 'in.jsonl': `[${JSON.stringify(row)}` },
        says: /in\.jsonl:1: row 2: the JSON array is not closed$/,
      },
      'another encoding': {
        files: { 'in.jsonl': Buffer.from('{"instruction": "a"}\n{"instruction": "Fluß"}\n', 'latin1') },
        says: /in\.jsonl:2: row 2: not UTF-8/,
      },
      'a text of 10 MB': {
        files: { 'in.jsonl': lines([row, { instruction: 'word '.repeat(2_000_000) }]) },
        says: /in\.jsonl:2: row 2: a text of 2000000 tokens is too long to be compared; 32767 is the most$/,
      },
      'no input': {
        files: {},
        more: () => ({ input: at('nowhere.jsonl') }),
        says: /nowhere\.jsonl: no such file$/,
      },
      'a folder as input': { files: {}, more: () => ({ input: at('.') }), says: /is not a file$/ },
      'the input as output': {
        files: { 'in.jsonl': lines([row]) },
        more: () => ({ out: at('./x/../in.jsonl') }),
        says: /in\.jsonl: an input and --out cannot be the same file$/,
      },
      'one file for both outputs': {
        files: { 'in.jsonl': lines([row]) },
        more: () => ({ dropped: at('out.jsonl') }),
        says: /out\.jsonl: --out and --dropped cannot be the same file$/,
      },
      'an output in no folder': {
        files: { 'in.jsonl': lines([row]) },
        more: () => ({ out: at('nowhere/out.jsonl') }),
        says: /nowhere\/out\.jsonl: no such folder; make it first$/,
      },
      'a device as output': {
        files: { 'in.jsonl': lines([row]) },
        more: () => ({ out: '/dev/null' }),
        says: /\/dev\/null: is not a file that can be replaced$/,
      },
    };
    for (const [what, { files, more = () => ({}), says }] of Object.entries(bad)) {
      it(`refuses ${what}, and writes nothing`, async () => {
        await assert.rejects(dedupe(files, more()), { name: 'UserError', message: says });
        const left = (await readdir(folder())).filter((name) => !Object.hasOwn(files, name));
        assert.deepEqual(left, []);
      });
    }

    it('leaves a link to the output a link', async () => {
      await mkdir(at('elsewhere'));
      await writeFile(at('elsewhere/real.jsonl'), 'old');
      await symlink(at('elsewhere/real.jsonl'), at('out.jsonl'));
      await dedupe({ 'in.jsonl': lines([row]) });
      assert.equal(await read('elsewhere/real.jsonl'), lines([row]));
    });

    it('writes nothing when it is interrupted', async () => {
      const signal = AbortSignal.abort(new Error('interrupted'));
      await assert.rejects(dedupe({ 'in.jsonl': lines([row]) }, { signal }), { message: 'interrupted' });
      assert.deepEqual(await readdir(folder()), ['in.jsonl']);
    });
  });
});

describe('seedmill dedupe', () => {
  const folder = temporaryFolder();
  let cli: string;
  before(async function () {
    this.timeout(0);
    cli = await installedCli();
  });
  beforeEach(() =>
    writeFile(
      path.join(folder(), 'in.jsonl'),
      [rivers, nearRivers, tides].map((instruction) => `${JSON.stringify({ instruction })}\n`).join(''),
    ),
  );

  const run = (...args: string[]) =>
    execa(process.execPath, [cli, 'dedupe', ...args], { cwd: folder(), reject: false });

  it('reports as one JSON object, with nothing but that on standard output', async () => {
    const { stdout, exitCode } = await run(
      '--in',
      'in.jsonl',
      '--out',
      'out.jsonl',
      '--threads',
      '2',
      '--json',
    );
    assert.equal(exitCode, 0);
    const { seconds, ...report } = JSON.parse(stdout);
    assert.equal(typeof seconds, 'number');
    assert.deepEqual(report, { rows: 3, kept: 2, dropped: 1, pairsConsidered: 2, pairsScored: 1 });
  });

  const refused: Record<string, { args: string[]; code: number; says: RegExp }> = {
    'no input': { args: ['--out', 'o'], code: 2, says: /--in <file>' not specified/ },
    'a threshold above 1': { args: ['--threshold', '1.5'], code: 2, says: /give a number from 0 to 1/ },
    'a threshold that is no number': {
      args: ['--threshold', 'x'],
      code: 2,
      says: /give a number from 0 to 1/,
    },
    'no threads': { args: ['--threads', '0'], code: 2, says: /give a whole number from 1/ },
    'an unknown metric': { args: ['--metric', 'bleu'], code: 2, says: /Allowed choices are rouge-l, cosine/ },
    'cosine without embeddings': { args: ['--metric', 'cosine'], code: 2, says: /needs --embeddings/ },
    'embeddings without cosine': {
      args: ['--embeddings', 'e.npy'],
      code: 2,
      says: /are for --metric cosine/,
    },
    'a row that cannot be compared': {
      args: ['--field', 'text'],
      code: 1,
      says: /^in\.jsonl:1: row 1: text is missing$/,
    },
  };
  for (const [what, { args, code, says }] of Object.entries(refused)) {
    it(`ends with ${code} for ${what}`, async () => {
      const files = what === 'no input' ? [] : ['--in', 'in.jsonl', '--out', 'out.jsonl'];
      const { stderr, exitCode } = await run(...files, ...args);
      assert.equal(exitCode, code, stderr);
      assert.match(stderr, says);
    });
  }
});
