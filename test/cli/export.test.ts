import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ExportReport } from '../../client/export/export-run.js';
import type { StatusReport } from '../../client/status.js';
import { Project } from './helpers.js';

describe('export on the command line', function () {
  this.timeout(120_000);
  let project: Project;
  let status: StatusReport;

  before(async () => {
    project = await Project.create();
    status = await project.json<StatusReport>(['run', 'recipe.yaml']);
  });
  after(() => project.stop());

  const says = async (args: string[]) => {
    const { code, stderr } = await project.run(['export', ...args]);
    return [code, stderr];
  };

  it('writes what a run has accepted, batch after batch', async () => {
    const report = await project.json<ExportReport>([
      ...['export', status.runId, '--format', 'trl', '--out', 'deep/trl', '--test-share', '0.2'],
    ]);
    assert.equal(report.rows.train + report.rows.test, 40);
    assert.deepEqual(
      report.files.map(({ name }) => name),
      ['test.jsonl', 'train.jsonl'],
    );
    const lines = (await readFile(project.file('deep/trl/train.jsonl'), 'utf8')).trimEnd().split('\n');
    const batches = lines.map((line) => (JSON.parse(line) as { batch: string | null }).batch);
    const own =
      (await readFile(`${status.dataset}/alpaca.json`, 'utf8')).match(/"batch": (".*"|null)/g) ?? [];
    const order = [...new Set(own.map((line) => JSON.parse(line.slice('"batch": '.length))))];
    assert.deepEqual(
      [...new Set(batches)],
      order.filter((batch) => batches.includes(batch)),
    );
  });

  it('replaces its own folder, with a card of the run’s figures', async () => {
    const { code, stdout } = await project.run([
      ...['export', status.runId, '--format', 'huggingface', '--out', 'deep/trl', '--licence', 'MIT'],
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^examples: 40$/m);
    assert.match(stdout, /^exported: deep\/trl$/m);
    assert.deepEqual((await readdir(project.file('deep/trl'))).sort(), [
      '.seedmill-export.json',
      'README.md',
      'data',
    ]);
    const card = await readFile(project.file('deep/trl/README.md'), 'utf8');
    assert.match(card, new RegExp(`^\\| requests sent \\| ${status.calls.sent} \\|$`, 'm'));
    assert.match(card, new RegExp(`^\\| cost \\| \\$${status.costUsd?.toFixed(4)} \\|$`, 'm'));
    assert.match(card, /^license: mit$/m);
  });

  it('says what is wrong', async () => {
    const { runId } = status;
    await writeFile(project.file('mine.txt'), 'mine');
    const [code, message] = await says([runId, '--format', 'trl', '--out', '.']);
    assert.equal(code, 1);
    assert.match(String(message), /^--out \.: is not empty and not from "seedmill export"/);
    assert.deepEqual(await says([runId, '--format', 'trl', '--out', 'x', '--split', 'skill']), [
      2,
      '--split skill needs --test-share, for example --test-share 0.1',
    ]);
    assert.deepEqual(await says([runId, '--format', 'trl', '--out', 'x', '--licence', 'mit']), [
      2,
      '--licence goes into the card, which only --format huggingface has',
    ]);
    const [, unknown] = await says(['nowhere', '--format', 'trl', '--out', 'x']);
    assert.match(String(unknown), /^no run nowhere in /);
    await project.json(['start', 'recipe.yaml', '--set', 'target=5000', '--id', 'long']);
    await project.run(['pause', 'long']);
    const [, open] = await says(['long', '--format', 'trl', '--out', 'x']);
    assert.match(String(open), /^long has not ended \(\w+\): its dataset is written at its end\./);
    await project.run(['cancel', 'long']);
    assert.ok(!(await readdir(project.file('.'))).includes('x'));
  });
});
