import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import type { RunExpectation } from '../../client/plan/run-expectation.js';
import { stringify } from 'yaml';
import { openStore } from '../../store/open-store.js';
import { type Ended, filesBelow, Project } from './helpers.js';

const skillmix = {
  name: 'mix',
  method: 'skillmix',
  target: 100,
  teacher: { endpoint: 'openai', model: 'gpt-4o-mini' },
  skillmix: { skills: { from: 'file', file: 'skills.txt' }, queryTypes: { from: 'file', file: 'types.txt' } },
};

describe('seedmill plan', () => {
  let project: Project;

  before(async function () {
    this.timeout(0);
    // Nobody listens there: a plan asks nobody.
    const env = { OPENAI_BASE_URL: 'https://api.openai.com/v1', TEMPORAL_ADDRESS: '127.0.0.1:1' };
    project = await Project.create({ env });
    await writeFile(project.file('skills.txt'), 'knots\nfirst aid\nbaking\n');
    await writeFile(project.file('types.txt'), 'Planning: a plan\n');
    await writeFile(project.file('mix.yaml'), stringify(skillmix));
  });
  after(() => project.stop());

  const plan = (...args: string[]) => project.json<RunExpectation>(['plan', ...args]);

  it('says what a run needs without a server, a key or a store', async () => {
    const { recipe, method, examples, phases, total, perAccepted } = await plan('mix.yaml');
    assert.deepEqual([recipe, method, examples], ['mix', 'skillmix', 100]);
    assert.deepEqual(
      phases.map(({ phase, calls }) => [phase, calls]),
      [
        ['draft', 100],
        ['draft-rewrite', 0],
        ['critique', 100],
        ['improve', 100],
        ['improve-rewrite', 0],
      ],
    );
    assert.equal(total.calls, 300);
    assert.equal(perAccepted?.calls, 3);
    assert.ok((total.usd ?? 0) > 0);
    const names = await readdir(project.file('.'));
    assert.deepEqual(
      names.filter((name) => name === 'runs' || name === '.seedmill'),
      [],
    );
  });

  it('counts the turns of given rows', async () => {
    const turn = [
      { role: 'user', content: 'Why?' },
      { role: 'assistant', content: 'Because.' },
    ];
    const rows = Array.from({ length: 10 }, (_, n) => ({ messages: n === 0 ? [...turn, ...turn] : turn }));
    await writeFile(project.file('rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const recipe = {
      name: 'rows',
      data: 'rows.jsonl',
      teacher: skillmix.teacher,
      teachers: { vectors: { endpoint: 'openai', model: 'text-embedding-3-small', form: 'embedding' } },
    };
    const calls = ({ phases }: RunExpectation) => phases.map(({ phase, calls }) => [phase, calls]);
    const score = { scorer: 'judge', twice: 0.5 };
    const select = { size: 20, embedder: 'vectors' };
    await writeFile(project.file('deita.yaml'), stringify({ ...recipe, method: 'deita', score, select }));
    const scored = await plan('deita.yaml');
    assert.deepEqual(calls(scored), [
      ['complexity', 17],
      ['quality', 17],
      ['vectors', 2],
    ]);
    assert.equal(scored.examples, 10);
    assert.ok((scored.total.usd ?? 0) > 0);
  });

  it('counts the stages behind a generation', async () => {
    const { phases, examples } = await plan(
      'mix.yaml',
      '--set',
      'score={}',
      '--set',
      'select={size: 30, by: score}',
    );
    const calls = Object.fromEntries(phases.map(({ phase, calls }) => [phase, calls]));
    assert.deepEqual([calls.complexity, calls.quality, calls.vectors, examples], [100, 100, undefined, 30]);
  });

  it('costs half by batch, and an unknown amount without a price', async () => {
    const online = await plan('mix.yaml');
    const batch = await plan('mix.yaml', '--set', 'teacher.mode=batch');
    assert.equal((2 * (batch.total.usd ?? 0)).toFixed(5), online.total.usd?.toFixed(5));
    const { total, notes } = await plan('mix.yaml', '--set', 'teacher.model=nobody-knows');
    assert.equal(total.usd, null);
    assert.match(notes.join('\n'), /No price is known for nobody-knows \(teacher default\)/);
    const { stdout } = await project.run(['plan', 'mix.yaml', '--set', 'teacher.model=nobody-knows']);
    assert.match(stdout, /^total +300 .* unknown$/m);
  });

  it('leaves a store as it is', async () => {
    await openStore(project.storeDir);
    const before = await filesBelow(project.folder);
    await plan('recipe.yaml');
    assert.deepEqual(await filesBelow(project.folder), before);
  });

  it('refuses what a start refuses, with the same words', async () => {
    await writeFile(project.file('bad-types.txt'), '::\n');
    const cases = [
      ['mix.yaml', '--set', 'skillmix.k=4'],
      ['mix.yaml', '--set', 'skillmix.queryTypes.file=bad-types.txt'],
      ['mix.yaml', '--set', 'teacher.model=nobody-knows', '--set', 'budget.usd=1'],
    ];
    for (const args of cases) {
      const commands = ['plan', 'start'].map((command) => project.run([command, ...args]));
      const [planned, started] = (await Promise.all(commands)) as [Ended, Ended];
      assert.deepEqual([planned.code, planned.stdout], [1, ''], args.join(' '));
      assert.equal(planned.stderr, started.stderr);
    }
  });
});
