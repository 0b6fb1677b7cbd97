import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import getPort from 'get-port';
import { openStore } from '../../store/open-store.js';
import { testTemporal } from '../global-setup.js';
import { OpenAiServer } from '../openai-server.js';
import { type Ended, pooled, Project, smallRecipe } from './helpers.js';

const key = 'sk-test-0123456789abcdef';
const task = { instruction: 'Name three rivers.', instances: [{ input: '', output: 'Rhine, Nile, Po.' }] };

interface Case {
  /** Keys of the recipe that are changed, or the whole file. */
  recipe?: Record<string, unknown> | string;
  /** Content of a seeds file, given with --seeds. */
  seeds?: string | Buffer;
  /** Further arguments, after `run recipe.yaml`. */
  args?: string[];
  env?: Record<string, string>;
  /** All of it must be in the message. */
  says: RegExp;
}

const recipes: Record<string, Case> = {
  'an unknown key': { recipe: { tagret: 3 }, says: /^recipe\.yaml:\d+: tagret: no such key/ },
  'a wrong type': { recipe: { target: 'many' }, says: /^recipe\.yaml:3: target: .*expected number/ },
  'impossible values': {
    recipe: { target: 0, batchSize: -1 },
    says: /^recipe\.yaml:3: target: .*>=1\nrecipe\.yaml:\d+: batchSize: .*>=1$/,
  },
  'no teacher': { recipe: 'name: x\nmethod: sedi\n', says: /^recipe\.yaml:1: teacher: is missing$/ },
  'missing keys': {
    recipe: 'name: x\nmethod: sedi\nteacher: {endpoint: local}\n',
    says: /^recipe\.yaml:1: target: is missing: .*\nrecipe\.yaml:1: seeds: is missing$/,
  },
  'no YAML': { recipe: 'name: [1\ntarget: 2\n', says: /^recipe\.yaml:2: not YAML: / },
  'a list': { recipe: '- name\n', says: /^recipe\.yaml:1: the recipe: .*expected object/ },
  'a --set without a value': { args: ['--set', 'nonsense'], says: /^--set nonsense: expected key=value/ },
  'a --set of a wrong type': { args: ['--set', 'target=abc'], says: /^--set: target: .*expected number/ },
  'a --set of no key': { args: ['--set', 'no.such=1'], says: /^--set: no: no such key/ },
  'a --set that is no YAML': {
    args: ['--set', 'target=['],
    says: /^--set target=\[: the value is not YAML: .*\]$/,
  },
};

const seeds: Record<string, Case> = {
  'a broken line': {
    seeds: `${JSON.stringify(task)}\n{"instruction": \n`,
    says: /^seeds\.txt:2: is not JSON/,
  },
  'missing fields': {
    seeds: '{"instruction": "Name a river."}\n{"instances": [{"output": "Po"}]}\n',
    says: /^seeds\.txt:1: has neither "instances" nor "output"\nseeds\.txt:2: instruction is missing$/,
  },
  'another encoding': {
    seeds: Buffer.from(`\n{"instruction": "Ein Fluß?", "output": "Po"}`, 'latin1'),
    says: /^seeds\.txt:2: not UTF-8; convert it/,
  },
  'no row': { seeds: '\n\n', says: /^seeds\.txt:1: holds no seed task$/ },
  'no file': { args: ['--seeds', 'nowhere.jsonl'], says: /^nowhere\.jsonl: no such file$/ },
  'too few rows for a student': {
    recipe: { signal: 'train' },
    seeds: JSON.stringify(task),
    says: /^seeds\.txt: .* too few .* set signal: none$/,
  },
};

const teachers: Record<string, Case> = {
  'is not there': {
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:{free}/v1' },
    says: /^the teacher at http:\/\/127\.0\.0\.1:\d+\/v1 does not answer \(.*ECONNREFUSED.*\): check OPENAI_BASE_URL/,
  },
  'refuses the key': {
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:{strict}/v1' },
    says: /^the teacher at .* refuses the key in OPENAI_API_KEY \(HTTP 401\): .*Incorrect API key/,
  },
  'needs a key that is not set': {
    env: { OPENAI_BASE_URL: 'https://teacher.invalid/v1', OPENAI_API_KEY: '' },
    says: /^no key for the teacher at https:\/\/teacher\.invalid\/v1: set the environment variable OPENAI_API_KEY$/,
  },
  'does not have the model': {
    recipe: { teacher: { ...smallRecipe.teacher, model: 'gpt-none' } },
    says: /has no model "gpt-none"; it has scripted\. Set teacher\.model in the recipe\.$/,
  },
  'has no Batch API': {
    recipe: { teacher: { ...smallRecipe.teacher, mode: 'batch' } },
    says: /^the teacher at \S+ has no Batch API \(HTTP 404 at \/batches\): set teacher\.mode to online/,
  },
  'has no URL': { env: { OPENAI_BASE_URL: 'not a url' }, says: /^OPENAI_BASE_URL is no http or https URL/ },
  'has credentials in its URL': {
    env: { OPENAI_BASE_URL: `https://me:${key}@teacher.invalid/v1` },
    says: /^OPENAI_BASE_URL contains credentials: take them out/,
  },
};

const places: Record<string, Case> = {
  'a store below a file': {
    args: ['--store', 'recipe.yaml/runs'],
    says: /^the store \S+recipe\.yaml\/runs cannot be made: there is a file of that name$/,
  },
  'a state folder below a file': {
    args: ['--state-dir', 'recipe.yaml/state'],
    says: /^the state folder \S+recipe\.yaml\/state cannot be made/,
  },
  'credentials in the store’s URL': {
    args: ['--store', `s3://user:${key}@bucket/x`],
    says: /^a store URL has no credentials .*AWS_ACCESS_KEY_ID/,
  },
  'a store of another kind': {
    args: ['--store', 'https://example.com/x'],
    says: /^"https:\/\/example\.com\/x" is no store: give a folder/,
  },
  'a Temporal server that is not there': {
    env: { TEMPORAL_ADDRESS: '127.0.0.1:{free}' },
    says: /^no Temporal server answers at 127\.0\.0\.1:\d+ .*: check TEMPORAL_ADDRESS/,
  },
  'a namespace that is not there': {
    env: { TEMPORAL_NAMESPACE: 'nowhere' },
    says: /^the Temporal server at \S+ has no namespace "nowhere": create it, or set TEMPORAL_NAMESPACE$/,
  },
  'a port that is none': {
    env: { TEMPORAL_ADDRESS: '', SEEDMILL_TEMPORAL_PORT: '7.5' },
    says: /^SEEDMILL_TEMPORAL_PORT is "7\.5"; it must be a port number/,
  },
  'an id with a slash': { args: ['--id', 'a/b'], says: /^"a\/b" cannot be a run id: use 1 to 100/ },
  'an id that leads elsewhere': { args: ['--id', '..'], says: /^"\.\." cannot be a run id/ },
};

const tables = {
  'in a recipe': recipes,
  'in seeds': seeds,
  'that is a teacher who': teachers,
  'around a run': places,
};
const cases = Object.entries(tables).flatMap(([where, table]) =>
  Object.entries(table).map(([what, one]) => ({ name: `${where}: ${what}`, one })),
);

describe('bad input', () => {
  let projects: Project[];
  let project: Project;
  let strict: OpenAiServer;
  let refusals: Promise<void>[];

  before(async function () {
    this.timeout(0);
    const { address } = await testTemporal();
    strict = await OpenAiServer.start({ apiKey: 'another' });
    const create = () => Project.create({ env: { TEMPORAL_ADDRESS: address, OPENAI_API_KEY: key } });
    project = await create();
    projects = [project, await create(), await create()];
    const free = [...projects];
    const refuse = async (one: Case) => {
      const mine = free.pop() as Project;
      await isRefused(mine, one).finally(() => free.push(mine));
    };
    refusals = pooled(
      projects.length,
      cases.map(
        ({ one }) =>
          () =>
            refuse(one),
      ),
    );
  });
  after(async () => {
    await Promise.all(projects.map((each) => each.stop()));
    await strict.stop();
  });

  cases.forEach(({ name }, index) => {
    it(name, () => refusals[index]);
  });

  it('is a recipe that is not there', async () => {
    isOneMessage(await project.run(['run', 'nowhere.yaml']), /^nowhere\.yaml: no such file$/);
    isOneMessage(await project.run(['run', '.']), /^\.: is a folder$/);
  });

  for (const command of [['list'], ['status', 'nobody'], ['verify', 'nobody'], ['cancel', 'nobody']]) {
    it(`is a store that is not there for ${command[0]}, which makes none`, async () => {
      const refused = await project.run([...command, '--store', 'runz']);
      isOneMessage(refused, /^there is no store at \S+runz: --store or SEEDMILL_STORE names another one/);
      assert.ok(!(await readdir(project.file('.'))).includes('runz'));
    });
  }

  for (const command of ['status', 'watch', 'verify', 'pause', 'resume', 'cancel']) {
    it(`is a run that ${command} does not find`, async () => {
      await openStore(project.storeDir);
      isOneMessage(
        await project.run([command, 'nobody']),
        /^no run nobody in file:\/\/\S+; "seedmill list" shows/,
      );
      isOneMessage(await project.run([command, '../x']), /^"\.\.\/x" cannot be a run id/);
    });
  }

  it('is a command that is none, or lacks what it needs', async () => {
    const usages = [['frobnicate'], ['run'], ['run', 'recipe.yaml', '--no-such-option'], ['worker']];
    for (const args of usages) {
      const { code, stdout, stderr } = await project.run(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^error: .*\n\(--help shows how the command is used\)$/);
    }
  });

  it('is no reader: a pipe that was closed ends the command without a word', async () => {
    await openStore(project.storeDir);
    const child = project.spawn(['list']);
    child.stdout.destroy();
    assert.equal((await child).stderr, '');
  });

  it('shows where it was found only with --verbose', async () => {
    const { stderr } = await project.run(['run', 'nowhere.yaml', '--verbose']);
    assert.match(stderr, /no such file\n(?:\s+at .*\n)*\s+at .*recipe-file/);
  });

  async function isRefused(
    project: Project,
    { recipe = {}, seeds, args = [], env = {}, says }: Case,
  ): Promise<void> {
    if (typeof recipe === 'string') await writeFile(project.file('recipe.yaml'), recipe);
    else await project.writeRecipe(recipe);
    if (seeds !== undefined) await writeFile(project.file('seeds.txt'), seeds);
    const free = String(await getPort());
    const filled = Object.entries(env).map(([name, value]) => [
      name,
      value.replace('{free}', free).replace('{strict}', String(strict.port)),
    ]);
    const given = seeds === undefined ? args : ['--seeds', 'seeds.txt', ...args];
    const refused = await project.run(['run', 'recipe.yaml', '--json', ...given], Object.fromEntries(filled));
    isOneMessage(refused, says);
    // No run and no pointer to one: nothing but the store's own id.
    const names = await readdir(project.storeDir).catch(() => []);
    assert.deepEqual(
      names.filter((name) => name !== 'store-id'),
      [],
    );
  }
});

/** Exit code 1 and, behind what was done so far, one message of at most a few lines without a stack trace. */
function isOneMessage({ code, stdout, stderr }: Ended, says: RegExp): void {
  assert.equal(code, 1);
  assert.equal(stdout, '');
  const lines = stderr.split('\n').filter((line) => !/^Temporal( UI)?: /.test(line));
  assert.match(lines.join('\n'), says);
  assert.doesNotMatch(stderr, /^\s+at /m);
  assert.ok(!stderr.includes(key), 'the message holds a key');
}
