import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { roundFiles, runFiles } from '../activities/run-files.js';
import { printCsv, printJson, printTable } from '../client/query/print-rows.js';
import { runQuery } from '../client/query/run-query.js';
import { derivedViews, fileViews } from '../client/query/views.js';
import { readJsonlAt, writeJson, writeJsonl } from '../store/artifacts.js';
import { recordRows } from '../store/ledger.js';
import { openStore } from '../store/open-store.js';
import type { Store } from '../store/types.js';
import { type EndedRun, endedLoop, openRun } from './export/ended-run.js';
import { assertInertInTerminal, hostileList } from './hostile.js';
import { startS3Server } from './s3-server.js';
import { temporaryFolder } from './temporary-folder.js';

interface Answer {
  columns: { name: string; type: string }[];
  rows: Record<string, unknown>[];
}

async function collect(work: (print: (text: string) => Promise<void>) => Promise<unknown>): Promise<string> {
  let text = '';
  await work(async (more) => {
    text += more;
  });
  return text;
}

async function ask({ store, runId }: EndedRun, sql: string): Promise<Answer['rows']> {
  const text = await runQuery({ store, runId, sql }, (rows) =>
    collect((print) => printJson(rows, { runId, print })),
  );
  return (JSON.parse(text) as Answer).rows;
}

const tableOf = (run: EndedRun, sql: string, width: number | null) =>
  runQuery({ ...run, sql }, (rows) => collect((print) => printTable(rows, { width, print })));

const intent = (n: number) => ({
  row: 'intent' as const,
  attemptId: `attempt-${n}`,
  callKey: 'a'.repeat(64),
  callIndex: n,
  activity: 'w/1',
  attempt: 1,
  model: 'scripted',
  highestTokens: { prompt: 100, completion: 100 },
  highestUsd: 0.5,
  price: { inputUsdPerMTok: 1, outputUsdPerMTok: 2 },
  at: '2026-11-22T01:02:03.000Z',
});

const outcome = (n: number, costUsd: number) => ({
  row: 'outcome' as const,
  attemptId: `attempt-${n}`,
  kind: 'answered' as const,
  status: 200,
  reason: null,
  usage: { promptTokens: 10, cachedPromptTokens: 0, completionTokens: 5 },
  costUsd,
  bill: 'known' as const,
  latencyMs: 12.5,
  requestId: null,
  at: '2026-11-22T01:02:04.000Z',
});

/** Two requests of a shard that has closed, one of them in its file twice, and one that is under way. */
async function writeLedger(store: Store, runId: string): Promise<void> {
  const phase = roundFiles(runId, 1).phase('tasks');
  await writeJsonl(store, phase.plan, [{ callIndex: 0, seedIds: [], promptHash: 'x', nth: 0 }]);
  const first = [intent(0), outcome(0, 0.25), intent(0), outcome(0, 0.25)];
  await writeJsonl(store, `${phase.ledger(0)}.jsonl`, [...first, intent(1), outcome(1, 0.125)]);
  await recordRows({ store, ledger: phase.ledger(1), writer: 'other', rows: [intent(500)] });
}

describe('query', function () {
  this.timeout(240_000);
  const folder = temporaryFolder();

  it('joins and sums what the run’s files hold, of a run under way too', async () => {
    const run = await endedLoop(folder(), {
      examples: [
        {},
        { verdict: { state: 'rejected', reason: 'similar', detail: '0.9' } },
        { seedIds: ['s'] },
      ],
      batches: [[0, 2]],
    });
    await writeLedger(run.store, run.runId);
    assert.deepEqual(
      await ask(run, 'SELECT verdict.state AS s, count(*) AS n FROM candidates GROUP BY ALL ORDER BY s'),
      [
        { s: 'accepted', n: 2 },
        { s: 'rejected', n: 1 },
      ],
    );
    assert.deepEqual(
      await ask(run, 'SELECT place.batch AS batch, id FROM examples JOIN candidates USING (id) ORDER BY id'),
      [
        { batch: 'r001-b000', id: 'example-0' },
        { batch: 'r001-b000', id: 'example-2' },
      ],
    );
    assert.deepEqual(
      await ask(run, 'SELECT attemptId AS a, shard, phase, bill, costUsd AS c FROM attempts ORDER BY a'),
      [
        { a: 'attempt-0', shard: 0, phase: 'tasks', bill: 'known', c: 0.25 },
        { a: 'attempt-1', shard: 0, phase: 'tasks', bill: 'known', c: 0.125 },
        { a: 'attempt-500', shard: 1, phase: 'tasks', bill: 'unknown', c: null },
      ],
    );
    const [round] = await ask(run, 'SELECT * FROM rounds');
    assert.deepEqual(
      [round?.round, round?.accepted, round?.sent, round?.costUsd, round?.unknownUsd],
      [1, 2, 3, 0.375, 0.5],
    );
  });

  it('has every key of the files as a column', async () => {
    const run = await endedLoop(folder(), { examples: [{}, {}, {}], batches: [[0, 1]] });
    const file = { examples: runFiles(run.runId).dataset('lineage.jsonl'), seeds: runFiles(run.runId).seeds };
    for (const [view, name] of Object.entries({ ...file, candidates: roundFiles(run.runId, 1).candidates })) {
      const columns = new Set(Object.keys(fileViews.find(({ name }) => name === view)?.columns ?? {}));
      const rows = await readJsonlAt<Record<string, unknown>>(run.store, name);
      assert.ok(rows.length > 0);
      for (const key of rows.flatMap((row) => Object.keys(row)))
        assert.ok(columns.has(key), `${view}.${key}`);
    }
  });

  it('describes views without files, and is empty for a run that has nothing yet', async () => {
    const run = await openRun(folder());
    for (const { name } of [...fileViews, ...derivedViews]) {
      const [count] = await ask(run, `SELECT count(*) AS n FROM ${name}`);
      assert.ok(typeof count?.n === 'number', name);
      assert.ok((await ask(run, `DESCRIBE ${name}`)).length > 1, name);
    }
    const shown = await ask(run, 'SHOW TABLES');
    assert.equal(shown.length, fileViews.length + derivedViews.length);
    const absent = await runQuery(
      { ...run, sql: 'SELECT * FROM examples, seeds' },
      async (rows) => rows.absent,
    );
    assert.deepEqual(absent, ['examples']);
  });

  it('reaches nothing but the run’s files, and changes none of them', async () => {
    const run = await endedLoop(folder(), { examples: [{}] });
    const secret = path.join(folder(), 'secret.csv');
    await writeFile(secret, 'a,b\n1,2\n');
    const candidates = path.join(fileURLToPath(run.store.url), roundFiles(run.runId, 1).candidates);
    const before = await readFile(candidates);
    const refused = [
      `SELECT * FROM read_csv('${secret}')`,
      `SELECT * FROM read_text('/etc/passwd')`,
      `SELECT * FROM glob('${folder()}/*')`,
      `SELECT * FROM candidates, read_text('${runFiles(run.runId).recipe}')`,
      `COPY candidates TO '${folder()}/out.csv'`,
      `COPY candidates TO '${candidates}' (USE_TMP_FILE false)`,
      `COPY (SELECT 1) TO '${candidates}' (FORMAT csv, USE_TMP_FILE false)`,
      `ATTACH '${folder()}/new.db'`,
      `ATTACH '${candidates}' AS there`,
      `EXPLAIN ANALYZE COPY candidates TO '${candidates}'`,
      `EXPORT DATABASE '${folder()}/all'`,
      'INSTALL httpfs',
      'LOAD httpfs',
      'SET enable_external_access = true',
      `SET allowed_paths = ['/etc/passwd']`,
      `SELECT * FROM read_csv('https://seedmill.example/x.csv')`,
      'CREATE TABLE t AS SELECT 1',
      'DROP VIEW candidates',
      'SELECT 1; SELECT 2',
      '',
      ' ;; ',
      '',
    ];
    for (const sql of refused) await assert.rejects(ask(run, sql), { name: 'UserError' }, sql);
    assert.ok(before.equals(await readFile(candidates)));
    assert.ok(!existsSync(path.join(folder(), 'out.csv')) && !existsSync(path.join(folder(), 'new.db')));
    await assert.rejects(stat(path.join(folder(), 'all')));
  });

  it('gives DuckDB’s words with the place, and the views where a name is none of them', async () => {
    const run = await openRun(folder());
    await assert.rejects(
      ask(run, 'SELEC 1'),
      /^UserError: Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n {8}\^$/,
    );
    await assert.rejects(ask(run, 'SELECT idd FROM candidates'), /"idd" not found[\s\S]*LINE 1:/);
    await assert.rejects(
      ask(run, 'SELECT * FROM candidate'),
      /Views: attempts, batches, calls, candidates, /,
    );
    await assert.rejects(ask(run, `SELECT CAST('x' AS INTEGER)`), /Could not convert string 'x' to INT32/);
  });

  it('keeps whole numbers that no number can hold, nulls and JSON apart', async () => {
    const run = await openRun(folder());
    const sql = `SELECT 9007199254740993 AS big, 10::BIGINT AS small, NULL AS none, '{"a": [1]}'::JSON AS json, [1, NULL] AS list`;
    assert.deepEqual(await ask(run, sql), [
      { big: '9007199254740993', small: 10, none: null, json: { a: [1] }, list: [1, null] },
    ]);
    const csv = await runQuery({ ...run, sql: `SELECT 'a "b"\nc' AS x, NULL AS y, 1 AS z` }, (rows) =>
      collect((print) => printCsv(rows, { print })),
    );
    assert.equal(csv, 'x,y,z\r\n"a ""b""\nc",,1\r\n');
  });

  it('shows a table that fits the terminal, whatever a teacher wrote', async () => {
    const run = await endedLoop(folder(), {
      examples: hostileList.map((text) => ({ instruction: text, output: `汉字 ${text}` })),
    });
    const sql = 'SELECT callIndex, instruction, output, verdict FROM candidates ORDER BY callIndex';
    const table = await tableOf(run, sql, 60);
    assertInertInTerminal(table, 'the table');
    const lines = table.trimEnd().split('\n');
    assert.equal(lines.length, 2 + hostileList.length);
    for (const line of lines) assert.ok(line.replaceAll(/\p{Mn}|\p{Cf}/gu, '').length <= 60, line);
    assert.match(lines[0] as string, /^callIndex {2}instruction +output +verdict$/);
    // Half of a surrogate pair is an escape in the file, which DuckDB refuses.
    const texts = await ask(run, `SELECT instruction FROM candidates WHERE contains(instruction, 'hostile')`);
    assert.ok(texts.length > 30);
    const wide = await tableOf(run, 'SELECT * FROM candidates', 40);
    for (const line of wide.trimEnd().split('\n'))
      assert.ok(line.replaceAll(/\p{Mn}|\p{Cf}/gu, '').length <= 40, line);
  });

  it('reads folders whose names DuckDB would take for patterns', async () => {
    const run = await endedLoop(path.join(folder(), `it's [1] {a,b} *`), { examples: [{}] });
    assert.deepEqual(await ask(run, 'SELECT id FROM candidates'), [{ id: 'example-0' }]);
  });

  it('reads the changes of a run', async () => {
    const run = await openRun(folder());
    const change = { version: 1, at: '2026-11-22T00:00:00.000Z', by: 'mel', what: 'target 5 → 6' };
    await writeJson(run.store, runFiles(run.runId).change(change), change);
    assert.deepEqual(await ask(run, 'SELECT version, "by", what FROM changes'), [
      { version: 1, by: 'mel', what: 'target 5 → 6' },
    ]);
  });

  it('copies the files of an S3 store to a folder of its own and leaves nothing behind', async () => {
    const server = await startS3Server();
    const before = { ...process.env };
    try {
      Object.assign(process.env, server.env, { TMPDIR: folder() });
      const url = `s3://${server.bucket}/query`;
      const run = await endedLoop(url, { examples: [{}, {}] });
      await writeLedger(run.store, run.runId);
      const { store } = await openStore(url);
      assert.deepEqual(await ask({ ...run, store }, 'SELECT round, candidates, sent FROM rounds'), [
        { round: 1, candidates: 2, sent: 3 },
      ]);
      assert.deepEqual(await readdir(folder()), []);
    } finally {
      for (const key of [...Object.keys(server.env), 'TMPDIR']) {
        if (before[key] === undefined) delete process.env[key];
        else process.env[key] = before[key];
      }
      await server.stop();
    }
  });
});
