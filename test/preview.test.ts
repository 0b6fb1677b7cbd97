import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { preview } from '../client/commands/preview.js';
import { sumPreviews } from '../client/preview/preview-ledger.js';
import { openStore } from '../store/open-store.js';
import { assertInertInTerminal, hostileText } from './hostile.js';
import { type FaultRule, OpenAiServer, type Script } from './openai-server.js';
import { scriptedScorer } from './scripted-deita.js';
import { scriptedEvolution } from './scripted-evolution.js';
import { scriptedSkillMix } from './scripted-skillmix.js';
import { temporaryFolder } from './temporary-folder.js';

const seeds = fileURLToPath(new URL('../recipes/seeds.jsonl', import.meta.url));
const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };

describe('preview', () => {
  const folder = temporaryFolder();
  let teacher: OpenAiServer | undefined;
  let key: string | undefined;

  before(() => {
    key = process.env.OPENAI_API_KEY;
    process.env.OPENAI_API_KEY = 'of-the-test';
  });
  after(() => {
    if (key === undefined) delete process.env.OPENAI_API_KEY;
    else process.env.OPENAI_API_KEY = key;
  });
  afterEach(() => teacher?.stop());

  async function previewed(recipe: Record<string, unknown>, script?: Script, fault?: FaultRule) {
    teacher = await OpenAiServer.start({ ...(script && { script }), ...(fault && { fault }) });
    const recipePath = path.join(folder(), 'recipe.yaml');
    const own = { name: 'shown', target: 20, seeds, ...recipe };
    const teaching = { endpoint: 'openai', model: 'scripted', baseUrl: teacher.baseUrl, price };
    await writeFile(
      recipePath,
      JSON.stringify({ ...own, teacher: { ...teaching, ...(recipe.teacher as object) } }),
    );
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const context = {
      say,
      json: false,
      verbose: false,
      stateDir: folder(),
      storeUrl: path.join(folder(), 'runs'),
    };
    const code = await preview(context, { recipePath, set: [] });
    return { code, lines, text: lines.join('\n'), asked: teacher.requests.length };
  }

  const kinds = (text: string) => [...text.matchAll(/^── (\S+) call /gm)].map(([, phase]) => phase);

  it('shows whole tasks of one call, each with verdict and nearest neighbour', async () => {
    const { code, text, asked } = await previewed({ method: 'self-instruct', teacher: { form: 'chat' } });
    assert.equal(code, 0);
    assert.equal(asked, 1);
    assert.deepEqual(kinds(text), ['tasks']);
    assert.match(text, /^ {2}│ user: /m);
    assert.match(text, /^── candidate 1: (accepted|rejected: \S+.*)$/m);
    assert.match(text, /^nearest: 0\.\d{3} to \S+: \S+/m);
    assert.match(text, /^sent: 1 request, \d+ tokens, \$0\.\d{6}$/m);
  });

  it('shows a teacher’s hostile text as text', async () => {
    const tasks = [{ instruction: hostileText('one'), input: '', output: hostileText('two') }];
    const script: Script = () => ({ text: JSON.stringify({ tasks }) });
    const { text } = await previewed({ method: 'self-instruct', teacher: { form: 'chat' } }, script);
    assert.match(text, /hostile/);
    assertInertInTerminal(text, 'the preview');
  });

  it('shows every turn of an example of skills', async () => {
    await writeFile(path.join(folder(), 'skills.txt'), 'knots\nfirst aid\nbaking\n');
    await writeFile(path.join(folder(), 'types.txt'), 'Planning: a plan\n');
    const lists = {
      skills: { from: 'file', file: 'skills.txt' },
      queryTypes: { from: 'file', file: 'types.txt' },
    };
    const recipe = { method: 'skillmix', seeds: undefined, skillmix: lists, gate: {} };
    const { text, code } = await previewed(recipe, scriptedSkillMix());
    assert.equal(code, 0);
    assert.deepEqual(kinds(text), ['draft', 'critique', 'improve', 'judge']);
    assert.match(text, /^── candidate 1: /m);
    assert.doesNotMatch(text, /candidate 2/);
  });

  it('shows one call of each kind of extraction', async () => {
    const recipe = { method: 'skillmix', seeds: undefined, skillmix: { skills: { from: 'prompting' } } };
    const { text, code } = await previewed(recipe, scriptedSkillMix());
    assert.equal(code, 0);
    assert.deepEqual(kinds(text), ['topics', 'topic-skills', 'query-types']);
    assert.match(text, /"seedmill skills" writes files/);
  });

  it('scores the first row, and evolves it', async () => {
    const rows = [1, 2].map((n) => ({
      instruction: `What is thing ${n} good for?`,
      output: `Thing ${n} helps at home.`,
    }));
    await writeFile(path.join(folder(), 'rows.json'), JSON.stringify(rows));
    const given = { seeds: undefined, target: undefined, data: 'rows.json' };
    const chat = { form: 'chat' };
    const scored = await previewed({ ...given, method: 'deita', teacher: chat, score: {} }, scriptedScorer());
    assert.deepEqual(kinds(scored.text), ['complexity', 'quality']);
    assert.match(scored.text, /^complexity \d\.\d\d · quality \d\.\d\d · score \d+\.\d\d$/m);
    await teacher?.stop();
    const recipe = { ...given, method: 'evolve', teacher: chat, evolve: { aspect: 'complexity', rounds: 1 } };
    const evolved = await previewed(recipe, scriptedEvolution());
    assert.equal(kinds(evolved.text)[0], 'evolve');
    assert.match(evolved.text, /^── candidate 1: /m);
  });

  it('makes calls of a batch one by one, at the price of that', async () => {
    const { text, code } = await previewed({
      method: 'self-instruct',
      teacher: { form: 'chat', mode: 'batch' },
    });
    assert.equal(code, 0, text);
    assert.match(text, /one by one, at that price; a run sends them by batch/);
  });

  it('says which answers a run will not find', async () => {
    const { text } = await previewed({ method: 'self-instruct', teacher: { form: 'chat', reuse: 'run' } });
    assert.match(text, /teacher default has reuse: run, so a run asks and pays for its calls again/);
    assert.doesNotMatch(text, /finds these answers/);
  });

  it('ends with 1 after an answer that nobody can read, and books it all the same', async () => {
    const { text, code, asked } = await previewed(
      { method: 'self-instruct', teacher: { form: 'chat', freshSamples: 1 } },
      () => ({ text: 'Sorry?' }),
    );
    assert.equal(code, 1);
    assert.ok(asked > 1);
    assert.match(text, /^answer \((unparsable|refused)/m);
    const { store } = await openStore(path.join(folder(), 'runs'));
    const [name] = await store.list('previews');
    const hash = (name as string).split('/')[1] as string;
    const sums = await sumPreviews(store, hash);
    assert.equal(sums?.sent, asked);
    assert.equal(sums?.unknown, 0);
  });

  it('ends in words when the provider refuses the account, and loses no row of the ledger', async () => {
    const body = { error: { message: 'no money left', code: 'insufficient_quota' } };
    const fault: FaultRule = ({ path }) => (path.endsWith('/models') ? undefined : { status: 402, body });
    await assert.rejects(
      previewed({ method: 'self-instruct', teacher: { form: 'chat' } }, undefined, fault),
      /^UserError: the teacher has not answered: /,
    );
  });
});
