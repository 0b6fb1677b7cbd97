import assert from 'node:assert/strict';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import type { ScoreReport } from '../../client/commands/score.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { readNpy } from '../../similarity/npy.js';
import { scriptedScorer } from '../scripted-deita.js';
import { Project, smallRecipe } from './helpers.js';

const recipe = {
  name: 'rows',
  target: undefined,
  seeds: undefined,
  generation: undefined,
  signal: undefined,
  batchSize: undefined,
  method: 'deita',
  data: 'rows.jsonl',
  teacher: { ...smallRecipe.teacher, form: 'chat' },
  teachers: {
    vectors: {
      endpoint: 'openai',
      model: 'scripted',
      form: 'embedding',
      price: { inputUsdPerMTok: 1, outputUsdPerMTok: 0 },
    },
  },
  score: {},
};
const chat = (...said: string[]) =>
  said.map((content, n) => ({ role: n % 2 === 0 ? 'user' : 'assistant', content }));

/** Four rows that can be scored, one of them with two turns; one gets no number, one has no response. */
const lines = [
  '{"id": 12345678901234567890, "instruction": "Name a river.", "output": "The Po."}',
  JSON.stringify({ id: 'talk', messages: chat('Why?', 'Because.', 'And then?', 'Nothing.') }),
  '{"instruction": "What does mute mean?", "output": "Silent."}',
  '',
  '{"instruction": "Nobody answers.", "output": ""}',
  '{"instruction": "Name a lake.", "output": "Como.", "evol_response_score": 9}',
  '{"instruction": "Name a town.", "input": "near a lake", "output": "Lecco."  }',
];

describe('score on the command line', function () {
  this.timeout(180_000);
  let project: Project;
  let first: ScoreReport;

  before(async () => {
    project = await Project.create({ teacher: { script: scriptedScorer() }, recipe });
    await writeFile(project.file('rows.jsonl'), `${lines.join('\n')}\n`);
  });
  after(() => project.stop());

  const command = ['score', '--in', 'rows.jsonl', '--recipe', 'recipe.yaml', '--out', 'scored.jsonl'];
  const rows = async (file: string) =>
    (await readFile(project.file(file), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const exists = (file: string) =>
    access(project.file(file)).then(
      () => true,
      () => false,
    );

  it('writes the rows in their order with a score for each turn, and the others with their reason', async () => {
    first = await project.json<ScoreReport>([...command, '--dropped', 'dropped.jsonl']);
    const { run, calls, costUsd, ...counts } = first;
    assert.deepEqual(counts, {
      rows: 6,
      scored: 4,
      missing: { 'no-response': 1, 'no-score': 1 },
      files: { out: 'scored.jsonl', dropped: 'dropped.jsonl', embeddings: null },
    });
    assert.equal(calls.sent, project.teacher.requests.length);
    assert.ok(costUsd !== null && costUsd > 0);
    const scored = await rows('scored.jsonl');
    assert.deepEqual(
      scored.map(({ instruction, messages }) => instruction ?? messages[0].content),
      ['Name a river.', 'Why?', 'Name a lake.', 'Name a town.'],
    );
    for (const { messages, evol_instruction_score: complexity, evol_response_score: quality } of scored) {
      for (const score of [complexity, quality].flat()) assert.ok(score >= 1 && score <= 6);
      assert.equal(Array.isArray(complexity), messages !== undefined);
      if (messages) assert.deepEqual([complexity.length, quality.length], [2, 2]);
    }
    const text = await readFile(project.file('scored.jsonl'), 'utf8');
    assert.ok(text.startsWith('{"id": 12345678901234567890, "instruction"'), 'numbers stay as they were');
    const dropped = await rows('dropped.jsonl');
    assert.deepEqual(
      dropped.map(({ row, reason }) => [row, reason]),
      [
        [3, 'no-score'],
        [4, 'no-response'],
      ],
    );
    assert.deepEqual((await project.json<VerifyReport>(['verify', run])).problems, []);
  });

  it('finds the run that has ended, and asks nobody again', async () => {
    const asked = project.teacher.requests.length;
    const before = await readFile(project.file('scored.jsonl'), 'utf8');
    await writeFile(project.file('scored.jsonl'), 'old');
    const { code, stdout } = await project.run(command);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Already scored: ${first.run}$`, 'm'));
    assert.match(stdout, /^6 rows: 4 scored, no-score 1, no-response 1 · cost \$/m);
    assert.equal(await readFile(project.file('scored.jsonl'), 'utf8'), before);
    assert.equal(project.teacher.requests.length, asked);
  });

  it('writes a list for a list, and vectors that select can use', async () => {
    const list = lines.filter((line) => line !== '').join(',\n');
    await writeFile(project.file('rows.json'), `[\n${list}\n]\n`);
    const select = ['--set', 'select={size: 2, embedder: vectors}'];
    const args = ['score', '--in', 'rows.json', '--recipe', 'recipe.yaml', '--out', 'scored.json', ...select];
    const report = await project.json<ScoreReport>([...args, '--embeddings', 'scored.npy']);
    assert.equal(report.scored, 4);
    const scored = JSON.parse(await readFile(project.file('scored.json'), 'utf8'));
    assert.equal(scored.length, 4);
    assert.equal(readNpy(await readFile(project.file('scored.npy'))).rows, 4);
    assert.deepEqual((await project.json<VerifyReport>(['verify', report.run])).problems, []);
    const chosen = ['--in', 'scored.json', '--embeddings', 'scored.npy', '--size', '2', '--out', 'best.json'];
    const { selected } = await project.json<{ selected: number }>(['select', ...chosen, '--tau', '1']);
    assert.equal(selected, 2);
    assert.equal(JSON.parse(await readFile(project.file('best.json'), 'utf8')).length, 2);
  });

  it('is a stage of a run on given rows too', async () => {
    const status = await project.json<StatusReport>([
      'run',
      'recipe.yaml',
      '--set',
      'select={size: 2, by: score}',
    ]);
    assert.equal(status.state, 'finished');
    const kept = (await readFile(`${status.dataset}/selected.jsonl`, 'utf8')).trimEnd().split('\n');
    assert.equal(kept.length, 2);
    assert.deepEqual((await project.json<VerifyReport>(['verify', status.runId])).problems, []);
  });

  const refused: [what: string, content: string | Buffer, says: RegExp][] = [
    ['no row', '', /^bad: holds no row$/],
    [
      'no response',
      '{"instruction": "a", "output": ""}\n',
      /^bad:1: row 1: has no instruction and answer in /,
    ],
    ['a row that is no object', `${lines[0]}\n7\n`, /^bad:2: row 2: is not a JSON object: 7$/],
    ['a row that is no JSON', `${lines[0]}\n{"a": \n`, /^bad:2: row 2: is not JSON: /],
    [
      'another encoding',
      Buffer.from('{"instruction": "Fluß", "output": "Po"}', 'latin1'),
      /^bad:1: row 1: not UTF-8/,
    ],
  ];
  for (const [what, content, says] of refused) {
    it(`is refused before anything is asked: ${what}`, async () => {
      const asked = project.teacher.requests.length;
      await writeFile(project.file('bad'), content);
      const { code, stderr } = await project.run([
        'score',
        '--in',
        'bad',
        '--recipe',
        'recipe.yaml',
        '--out',
        'none',
      ]);
      assert.equal(code, 1);
      assert.match(stderr, says);
      assert.equal(project.teacher.requests.length, asked);
      assert.equal(await exists('none'), false);
    });
  }

  it('is refused where files cannot be written, and leaves nothing behind', async () => {
    const says = async (...args: string[]) =>
      (await project.run(['score', '--in', 'rows.jsonl', ...args])).stderr;
    assert.match(await says('--out', 'rows.jsonl'), /^rows\.jsonl: --in and --out cannot be the same file$/);
    assert.match(await says('--out', 'deep/none'), /^deep\/none: no such folder; make it first$/);
    assert.match(
      await says('--out', 'a', '--embeddings', 'a'),
      /^a: --out and --embeddings cannot be the same file$/,
    );
    assert.match(
      await says('--out', 'none', '--scorer', 'student'),
      /^the default recipe:5: score\.complexity: is missing: the folder of the adapter/,
    );
    assert.match(
      await says('--out', 'none', '--set', 'target=3'),
      /^--set: target: belongs to methods that generate; /,
    );
    const hidden = (await readdir(project.folder)).filter(
      (name) => name.startsWith('.') && name !== '.seedmill',
    );
    assert.deepEqual(hidden, []);
  });

  it('has no score where an endpoint gives no logprobs and they are needed', async () => {
    project.teacher.script = () => ({ text: '5' });
    const args = [
      '--in',
      'rows.jsonl',
      '--recipe',
      'recipe.yaml',
      '--scorer',
      'logits',
      '--out',
      'none.jsonl',
    ];
    const { scored, missing } = await project.json<ScoreReport>(['score', ...args]);
    assert.deepEqual([scored, missing], [0, { 'no-response': 1, 'no-logprobs': 5 }]);
    assert.equal(await readFile(project.file('none.jsonl'), 'utf8'), '');
  });
});
