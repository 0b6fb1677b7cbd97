import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readStatus, type StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { type Command, ended, killCommand, onlyJson, Project, until } from './helpers.js';

const quickstart = fileURLToPath(new URL('../../recipes/quickstart.yaml', import.meta.url));

/** The quickstart with every number made small. */
const small = {
  target: '20',
  batchSize: '2',
  'generation.callsPerRound': '3',
  'generation.maxTokens.instructions': '160',
  'generation.maxTokens.answers': '32',
  'student.maxTokens': '64',
  'stop.maxRounds': '1',
};

const heldOut = [
  ['Which metal is liquid at room temperature?', 'Mercury.'],
  ['Turn the sentence into the past tense: She walks home.', 'She walked home.'],
  ['Give a synonym of quick.', 'Fast.'],
  ['How many legs does a spider have?', 'Eight.'],
];

describe('a run with a local teacher and student', function () {
  // The first time, Python packages are installed.
  this.timeout(900_000);
  let project: Project;

  before(async () => {
    project = await Project.create();
    const rows = heldOut.map(([instruction, output]) => JSON.stringify({ instruction, output }));
    await writeFile(project.file('held-out.jsonl'), rows.join('\n'));
  });
  after(() => project.stop());

  it('refuses a model file that is not there, or is none', async () => {
    await writeFile(project.file('none.gguf'), 'not a model');
    const refusals = { 'nowhere.gguf': /No such file/, 'none.gguf': /is not a GGUF file/ };
    for (const [gguf, why] of Object.entries(refusals)) {
      await project.writeRecipe({ teacher: { endpoint: 'local', gguf } });
      const { code, stderr } = await project.run(['run', 'recipe.yaml']);
      assert.equal(code, 1);
      assert.match(stderr, why);
      assert.ok(stderr.includes(project.file(gguf)), stderr);
      assert.doesNotMatch(stderr, /^\s+(at |File )/m);
    }
    const { runs } = await project.json<{ runs: unknown[] }>(['list']);
    assert.deepEqual(runs, []);
  });

  it('refuses a student’s model that is not there, before anything is paid', async () => {
    await project.writeRecipe({ student: { model: './absent.gguf' }, signal: 'train' });
    const { code, stderr } = await project.run(['run', 'recipe.yaml']);
    assert.equal(code, 1);
    assert.match(stderr, /^student\.model '.*absent\.gguf' cannot be loaded: there is no file/m);
    assert.equal(project.teacher.requests.length, 0);
  });

  it('ends well on the quickstart’s recipe although teacher, student and then everything are killed', async () => {
    const settings = { ...small, heldout: `{file: ${project.file('held-out.jsonl')}}` };
    const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const start = () => project.spawn(['run', quickstart, '--json', '--id', 'local', ...set]);

    let running = start();
    const comesTo = (isThere: () => Promise<boolean>) =>
      Promise.race([until(isThere), endsTooEarly(running)]);
    await comesTo(async () =>
      (await project.store()).read('local/run.json').then((run) => run !== undefined),
    );
    await comesTo(async () => (await now()).calls.answered > 0);
    await project.killServices('teacher');
    await comesTo(async () => (await signals()).size > 0);
    await project.killServices('student');
    const measured = await signals();
    await comesTo(async () => (await signals()).size > measured.size);
    await Promise.all([killCommand(running), project.killServices()]);
    for (const [name, bytes] of await signals()) measured.set(name, bytes);
    running = start();

    const result = ended(await running);
    assert.equal(result.code, 0, result.stderr);
    const status = onlyJson<StatusReport>(result);
    assert.equal(status.state, 'finished');
    assert.ok(status.dataset && status.accepted > 0);
    for (const { before, after } of status.heldOutLoss) assert.ok(before > 0 && after > 0);
    assert.equal(status.heldOutLoss[0]?.round, 1);
    const { ok, problems } = await project.json<VerifyReport>(['verify', 'local']);
    assert.deepEqual([ok, problems], [true, []]);
    const atTheEnd = await signals();
    for (const [name, bytes] of measured)
      assert.equal(atTheEnd.get(name), bytes, `${name} was measured again`);
  });

  async function now(): Promise<StatusReport> {
    return await readStatus(await project.store(), 'local');
  }

  /** What the student has measured of each batch: kept as soon as it is known, and never measured again. */
  async function signals(): Promise<Map<string, string>> {
    const store = await project.store();
    const names = (await store.list('local/rounds')).filter((name) => name.includes('/student/signal/'));
    const texts = await Promise.all(names.map(async (name) => String(await store.read(name))));
    return new Map(names.map((name, index) => [name, texts[index] as string]));
  }
});

async function endsTooEarly(running: Command): Promise<never> {
  const { stderr } = await running;
  throw new Error(`the command ended too early: ${stderr}`);
}
