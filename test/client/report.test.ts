import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { Candidate, RejectReason } from '../../activities/types.js';
import { report } from '../../client/commands/report.js';
import { tableCharacters } from '../../client/report/cut.js';
import { readReport } from '../../client/report/read-report.js';
import type { ReportData } from '../../client/report/report-data.js';
import { reportMark } from '../../client/report/report-mark.js';
import { SeededSample } from '../../client/report/seeded-sample.js';
import { readJson, writeJson } from '../../store/artifacts.js';
import { CorruptDataError, UserError } from '../../store/errors.js';
import { openStore } from '../../store/open-store.js';
import { type EndedRun, endedEvolution, endedLoop, endedRows, openRun } from '../export/ended-run.js';
import { hostileList } from '../hostile.js';
import { startS3Server } from '../s3-server.js';
import { temporaryFolder } from '../temporary-folder.js';

const rejected = (reason: RejectReason): Partial<Candidate> => ({ verdict: { state: 'rejected', reason } });

describe('a report', () => {
  const folder = temporaryFolder();
  const store = () => path.join(folder(), 'runs');
  const place = (name: string) => path.join(folder(), name);
  const read = ({ store, runId }: EndedRun, seed?: number) =>
    readReport(store, runId, seed === undefined ? {} : { seed });

  describe('of little', () => {
    it('of a run that has made nothing yet is empty, and says where the run stands', async () => {
      const { run, totals, rounds, examples, map, student, scores, coverage, similarity, samples } =
        await read(await openRun(store()));
      assert.deepEqual([run.state, run.stopReason, run.paused], ['starting', null, null]);
      assert.deepEqual([totals.candidates, totals.calls.planned, totals.examples], [0, 0, null]);
      assert.deepEqual([rounds, examples, samples], [[], [], []]);
      assert.deepEqual([map, student, scores, coverage, similarity], [null, null, null, null, null]);
    });

    it('of a run that has ended without an example', async () => {
      const { run, totals, examples } = await read(await endedLoop(store(), { examples: [] }));
      assert.deepEqual([run.state, run.stopReason], ['finished', 'target reached']);
      assert.deepEqual([totals.examples, examples], [0, []]);
    });

    it('of a single example', async () => {
      const { examples, map } = await read(await endedLoop(store(), { examples: [{}] }));
      assert.deepEqual(
        examples.map(({ id, state }) => [id, state]),
        [['example-0', 'dataset']],
      );
      assert.equal(map, null);
    });

    it('of a run that failed before it recorded any progress', async () => {
      const run = await openRun(store());
      const state = { state: 'failed', stopReason: 'the disk is full', paused: null };
      await run.store.write(runFiles(run.runId).state, JSON.stringify({ ...state, at: 'x', budget: {} }));
      const { run: shown } = await read(run);
      assert.deepEqual([shown.state, shown.stopReason], ['failed', 'the disk is full']);
    });

    it('of a run that is not there is refused', async () => {
      const { store: opened } = await openStore(store());
      await assert.rejects(readReport(opened, 'nobody'), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /^no run nobody in .*; "seedmill list" shows those there are$/);
        return true;
      });
    });

    it('of files that were damaged names the file and its line', async () => {
      const run = await endedLoop(store(), { examples: [{}, {}] });
      const { candidates } = roundFiles(run.runId, 1);
      const text = String(await run.store.read(candidates));
      await run.store.write(candidates, text.replace('{"id":"example-1"', '{"id":'));
      await assert.rejects(read(run), (error) => {
        assert.ok(error instanceof CorruptDataError);
        assert.ok(error.message.startsWith(`${candidates}:2: not JSON`));
        return true;
      });
    });
  });

  it('has what was rejected with its reason, and every call and seed of what was kept', async () => {
    const { examples, totals } = await read(
      await endedLoop(store(), { examples: [{}, rejected('too-short'), rejected('similar'), {}] }),
    );
    assert.deepEqual(
      examples.map(({ id, state, reason }) => [id, state, reason]),
      [
        ['example-0', 'dataset', null],
        ['example-3', 'dataset', null],
        ['example-1', 'rejected', 'too-short'],
        ['example-2', 'rejected', 'similar'],
      ],
    );
    const [first] = examples;
    assert.deepEqual(first?.seeds, [
      { id: 'seed-0', text: 'Name three rivers that cross more than one country.' },
    ]);
    const { key, phase, promptTokens, completionTokens, costUsd } =
      first?.calls[0] ?? ({} as ReportData['examples'][number]['calls'][number]);
    assert.deepEqual(
      [key, phase, promptTokens, completionTokens, costUsd],
      ['a'.repeat(64), 'tasks', 100, 50, 0.00015],
    );
    assert.equal(totals.examples, 2);
  });

  it('names the run that its run was forked from', async () => {
    const run = await openRun(store());
    const { manifest } = runFiles(run.runId);
    const forkedFrom = { runId: 'parent', round: 3, changed: ['target: 24 → 40'] };
    await writeJson(run.store, manifest, { ...(await readJson<object>(run.store, manifest)), forkedFrom });
    assert.deepEqual((await read(run)).run.forkedFrom, { runId: 'parent', round: 3 });
  });

  it('has the threshold that the newest round went by', async () => {
    const run = await endedLoop(store(), {
      examples: [{ nearest: { id: 'seed-1', similarity: 0.5 } }, { nearest: { atMost: 0.85 } }],
    });
    const threshold = async () => (await read(run)).similarity?.threshold;
    assert.equal(await threshold(), 0.85);
    await writeJson(run.store, roundFiles(run.runId, 1).thresholds('screened'), {
      'filter.poolThreshold': 0.6,
    });
    assert.equal(await threshold(), 0.6);
    const { similarity } = await read(run);
    assert.equal(similarity?.bounded, 1);
    assert.deepEqual(similarity?.pairs, [
      {
        ...{ id: 'example-0', text: 'Describe apple0 bridge1 forest5 desert11', nearestId: 'seed-1' },
        ...{ nearestText: 'Explain to a child why the sky is blue.', similarity: 0.5, accepted: true },
      },
    ]);
  });

  it('says who reviewed an example, and what they said of it', async () => {
    const { examples } = await read(
      await endedLoop(store(), {
        examples: [
          {},
          { review: { by: 'ann', verdict: 'approve' } },
          { ...rejected('review'), review: { by: 'bo', verdict: 'reject', note: 'wrong' } },
        ],
      }),
    );
    assert.deepEqual(
      examples.map(({ reason, review }) => [reason, review]),
      [
        [null, null],
        [null, { by: 'ann', verdict: 'approve', note: null }],
        ['review', { by: 'bo', verdict: 'reject', note: 'wrong' }],
      ],
    );
  });

  it('says what a scan has flagged, and how many candidates have no text for the map', async () => {
    const { examples, map, unit } = await read(
      await endedLoop(store(), {
        examples: [
          { flags: ['email'], instruction: 'Write to the baker about bread.' },
          { instruction: 'Write to the baker about cakes.' },
          { instruction: 'Count rivers, bread and cakes.' },
          { ...rejected('unparsable'), instruction: '', input: '', output: '' },
        ],
      }),
    );
    assert.deepEqual(
      examples.map(({ flags }) => flags),
      [['email'], [], [], []],
    );
    assert.deepEqual([map?.points.length, map?.missing], [3, { count: 1, what: 'text' }]);
    assert.equal(unit, 'candidate');
  });

  it('has hostile texts as they were written', async () => {
    const run = await endedLoop(store(), {
      examples: hostileList.map((text) => ({ instruction: text, input: text, output: text })),
    });
    const { examples } = await read(run);
    assert.equal(examples.length, hostileList.length);
    for (const [n, text] of hostileList.entries()) {
      const shown = examples.find(({ id }) => id === `example-${n}`);
      assert.equal(shown?.instruction, text.slice(0, tableCharacters));
      assert.equal(shown?.isCut, text.length > tableCharacters);
    }
  });

  it('cuts long texts, never a character, and marks them', async () => {
    const long = '😀'.repeat(tableCharacters);
    const { examples } = await read(
      await endedLoop(store(), { examples: [{ output: `x${long}` }, { output: 'short' }] }),
    );
    const [cut, whole] = examples;
    assert.deepEqual([cut?.isCut, whole?.isCut], [true, false]);
    assert.equal(cut?.output, `x${'😀'.repeat(tableCharacters / 2 - 1)}`);
  });

  it('shows the same sample of many each time, says so, and another one with another seed', async () => {
    const run = await endedLoop(store(), {
      // Without a word in common they have no map, which would take most of the time.
      examples: Array.from({ length: 5_000 }, (_, n) => ({
        ...{ instruction: `a${n}`, input: '', output: `b${n}` },
        ...(n % 2 === 0 ? {} : rejected('similar')),
      })),
    });
    const first = await read(run, 7);
    const states = new Map<string, number>();
    for (const { state } of first.examples) states.set(state, (states.get(state) ?? 0) + 1);
    assert.deepEqual(
      [...states],
      [
        ['dataset', 1_500],
        ['rejected', 500],
      ],
    );
    assert.ok(first.samples.includes('2,000 of 5,000 candidates, drawn with seed 7'));
    assert.deepEqual({ ...(await read(run, 7)), madeAt: '' }, { ...first, madeAt: '' });
    const ids = ({ examples }: ReportData) => examples.map(({ id }) => id);
    assert.notDeepEqual(ids(await read(run, 8)), ids(first));
  }).timeout(120_000);

  it('of given rows has all turns of them', async () => {
    const turns = [
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Two.' },
      { role: 'user', content: 'Three?' },
      { role: 'assistant', content: 'Four.' },
    ];
    const { examples, unit } = await read(await endedRows(store(), [{ messages: turns }]));
    assert.equal(unit, 'row');
    assert.deepEqual(
      examples.map(({ history, instruction, output, state }) => [history, instruction, output, state]),
      [[[{ instruction: 'One?', response: 'Two.' }], 'Three?', 'Four.', 'dataset']],
    );
  });

  it('of evolution has the best variants in the dataset, and the rows that they come from', async () => {
    const { examples, totals } = await read(await endedEvolution(store()));
    const states = examples.map(({ id, state, seeds }) => [id, state, seeds[0]?.id]);
    assert.deepEqual(states.slice(0, 4), [
      ['example-0', 'accepted', 'row-1'],
      ['example-1', 'dataset', 'row-2'],
      ['example-2', 'dataset', 'row-3'],
      ['example-3', 'dataset', 'row-4'],
    ]);
    assert.deepEqual(states.slice(4), [
      ['row-1', 'dataset', undefined],
      ['row-2', 'given', undefined],
      ['row-3', 'given', undefined],
      ['row-4', 'given', undefined],
    ]);
    assert.equal(totals.examples, 4);
  });

  it('has no address and no path of the machine', async () => {
    const run = await endedLoop(store(), { examples: [{}] });
    const text = JSON.stringify(await read(run));
    assert.doesNotMatch(text, /127\.0\.0\.1|baseUrl|apiKey/);
    assert.ok(!text.includes(folder()));
  });

  it('is the same from a bucket as from a folder', async () => {
    const run = await endedLoop(store(), { examples: [{}, rejected('similar'), {}], batches: [[2, 0]] });
    const server = await startS3Server();
    const before = { ...process.env };
    try {
      Object.assign(process.env, server.env);
      const { store: bucket } = await openStore(`s3://${server.bucket}/report`);
      for (const name of await run.store.list(run.runId))
        await bucket.write(name, (await run.store.read(name)) as Buffer);
      const [there, here] = [await readReport(bucket, run.runId), await read(run)];
      assert.deepEqual({ ...there, madeAt: here.madeAt }, here);
    } finally {
      for (const key of Object.keys(server.env)) {
        if (before[key] === undefined) delete process.env[key];
        else process.env[key] = before[key];
      }
      await server.stop();
    }
  }).timeout(300_000);

  describe('as a command', () => {
    const said: string[] = [];
    const context = () => ({
      ...{ storeUrl: store(), stateDir: place('state'), json: false, verbose: false },
      say: (line: string) => void said.push(line),
    });
    beforeEach(() => {
      said.length = 0;
    });

    it('writes one file that says what it is, and replaces an earlier one', async () => {
      const { runId } = await endedLoop(store(), { examples: [{}] });
      for (const _ of [1, 2]) assert.equal(await report(context(), runId, { out: place('r.html') }), 0);
      const html = await readFile(place('r.html'), 'utf8');
      assert.ok(html.slice(0, 4_096).includes(reportMark));
      assert.ok(html.includes('example-0'));
      assert.match(said.at(-1) ?? '', /^report: .*r\.html \(\d+\.\d MB\)$/);
      assert.deepEqual((await readdir(folder())).sort(), ['r.html', 'runs']);
    });

    it('leaves what is no report, and nothing half done', async () => {
      const { runId } = await endedLoop(store(), { examples: [{}] });
      await writeFile(place('mine.html'), '<p>mine</p>');
      await mkdir(place('folder'));
      const refusals = {
        'mine.html': /mine\.html: is there, and not from "seedmill report"; give another --out, or move it$/,
        folder: /folder: is not a file that can be replaced$/,
        'nowhere/r.html': /r\.html: no such folder; make it first$/,
        'mine.html/r.html': /r\.html: no such folder; make it first$/,
      };
      for (const [out, message] of Object.entries(refusals))
        await assert.rejects(report(context(), runId, { out: place(out) }), (error) => {
          assert.ok(error instanceof UserError);
          assert.match(error.message, message);
          return true;
        });
      assert.equal(await readFile(place('mine.html'), 'utf8'), '<p>mine</p>');
      assert.deepEqual((await readdir(folder())).sort(), ['folder', 'mine.html', 'runs']);
    });

    it('refuses an unknown run before it makes a file', async () => {
      await openStore(store());
      await assert.rejects(report(context(), 'nobody', { out: place('r.html') }), /no run nobody in/);
      assert.deepEqual(await readdir(folder()), ['runs']);
    });
  });
});

describe('a seeded sample', () => {
  const drawn = (ids: readonly number[], { size = 10, seed = 'a' } = {}) => {
    const sample = new SeededSample<number>({ size, seed });
    for (const id of ids) sample.offer(String(id), () => id);
    return sample;
  };
  const many = Array.from({ length: 1_000 }, (_, n) => n);

  it('is the same in whatever order rows come, and as they came', () => {
    const forward = drawn(many).rows();
    assert.equal(forward.length, 10);
    assert.deepEqual(
      forward,
      [...forward].sort((a, b) => a - b),
    );
    assert.deepEqual(drawn([...many].reverse()).rows(), [...forward].reverse());
    assert.notDeepEqual(drawn(many, { seed: 'b' }).rows(), forward);
  });

  it('has all rows where there are no more than it holds, and fewer when asked', () => {
    const few = drawn([3, 1, 2]);
    assert.deepEqual([few.rows(), few.seen, few.size], [[3, 1, 2], 3, 3]);
    assert.equal(drawn(many).rows(4).length, 4);
    assert.deepEqual(drawn(many).rows(0), []);
  });

  it('is as likely to have any row as any other', () => {
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 200; seed += 1)
      for (const id of drawn(many.slice(0, 100), { size: 50, seed: String(seed) }).rows())
        counts.set(id, (counts.get(id) ?? 0) + 1);
    // 100 ± 7 each: six deviations are out of reach of chance.
    for (const n of many.slice(0, 100)) assert.ok(Math.abs((counts.get(n) ?? 0) - 100) < 43);
  });
});
