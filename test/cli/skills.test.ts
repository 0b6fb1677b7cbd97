import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { SkillsReport } from '../../client/commands/skills.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import type { Coverage } from '../../methods/skillmix/coverage.js';
import type { Script } from '../openai-server.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';
import { Project, smallRecipe } from './helpers.js';

const recipe = {
  name: 'mix',
  method: 'skillmix',
  target: 3,
  seeds: undefined,
  teacher: { ...smallRecipe.teacher, form: 'chat' },
  generation: undefined,
  skillmix: { skills: { from: 'prompting', topics: 4, perTopic: 3, maxRounds: 2 } },
};

describe('skills and coverage on the command line', () => {
  let project: Project;
  let extracted: SkillsReport;

  before(async () => {
    const mix = scriptedSkillMix();
    const script: Script = (asked) => (asked.path.endsWith('/chat/completions') ? mix(asked) : answer(asked));
    project = await Project.create({ teacher: { script }, recipe });
  });
  after(() => project.stop());

  const rows = async (file: string) =>
    (await readFile(project.file(file), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('prints the lists, and everything else to standard error', async () => {
    const { code, stdout, stderr } = await project.run(['skills', 'recipe.yaml']);
    assert.equal(code, 0, stderr);
    const [skills = '', types = ''] = stdout.split('\n\n');
    for (const skill of skills.split('\n')) assert.match(skill, /^skill_\d+_\d$/);
    for (const type of types.split('\n')) assert.match(type, /^Kind \d: People ask for the \dth thing\.$/);
    assert.match(stderr, /^Started run mix-skills-\d{4}-/m);
    assert.match(stderr, new RegExp(`^${skills.split('\n').length} skills, 4 query types · cost \\$`, 'm'));
  });

  it('finds the run that has ended, and writes its lists where they are wanted', async () => {
    const asked = project.teacher.requests.length;
    extracted = await project.json<SkillsReport>(['skills', 'recipe.yaml', '--out', 'deep/mine']);
    assert.equal(project.teacher.requests.length, asked);
    const { files, skills, queryTypes, calls, costUsd, run } = extracted;
    assert.deepEqual(files, { skills: 'deep/mine/skills.jsonl', queryTypes: 'deep/mine/query-types.jsonl' });
    const list = await rows('deep/mine/skills.jsonl');
    assert.equal(list.length, skills);
    assert.ok(list.every(({ topics }) => (topics as string[]).length > 0));
    assert.equal((await rows('deep/mine/query-types.jsonl')).length, queryTypes);
    assert.equal(calls.sent, asked);
    assert.ok(costUsd !== null && costUsd > 0);
    const { problems } = await project.json<VerifyReport>(['verify', run]);
    assert.deepEqual(problems, []);
  });

  it('replaces the files that it wrote, and no other ones', async () => {
    await project.json(['skills', 'recipe.yaml', '--out', 'deep/mine']);
    await mkdir(project.file('other'));
    await writeFile(project.file('other/skills.jsonl'), '{"skill": "patience"}\n');
    const { code, stderr } = await project.run(['skills', 'recipe.yaml', '--out', 'other']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^other\/skills\.jsonl: is not from "seedmill skills", and is not replaced; move it/,
    );
    assert.equal(await readFile(project.file('other/skills.jsonl'), 'utf8'), '{"skill": "patience"}\n');
    const isFile = await project.run(['skills', 'recipe.yaml', '--out', 'recipe.yaml']);
    assert.match(isFile.stderr, /^--out recipe\.yaml: there is a file of that name; give a folder$/);
  });

  it('pays nothing again in a run of the whole recipe', async () => {
    const status = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.equal(status.calls.fromStore, extracted.calls.sent);
    const sent = project.teacher.requests.length;
    assert.equal(status.calls.sent, sent - extracted.calls.sent);
    const lists = await readFile(`${status.dataset}/skills.jsonl`, 'utf8');
    assert.equal(lists, await readFile(project.file('deep/mine/skills.jsonl'), 'utf8'));

    const text = (await project.run(['coverage', status.runId])).stdout;
    assert.match(text, /^\d+ examples, 3 accepted\n\n(most used )?skills +used +accepted\n {2}skill_/);
    assert.match(text, /^query types +used +accepted$/m);
    const covered = await project.json<Coverage>(['coverage', status.runId]);
    assert.equal(covered.accepted, 3);
    assert.equal(covered.skills.length, extracted.skills);
    assert.equal(
      covered.pairs.reduce((sum, [, , examples]) => sum + examples, 0),
      covered.examples,
    );
  });

  it('takes the written files back as lists', async () => {
    const given = {
      skills: { from: 'file', file: 'deep/mine/skills.jsonl' },
      queryTypes: { from: 'file', file: 'deep/mine/query-types.jsonl' },
    };
    await project.writeRecipe({ ...recipe, name: 'given', skillmix: given }, 'given.yaml');
    const { dataset } = await project.json<StatusReport>(['run', 'given.yaml']);
    const names = (list: Record<string, unknown>[]) => list.map(({ skill }) => skill);
    const kept = (await readFile(`${dataset}/skills.jsonl`, 'utf8')).trimEnd().split('\n');
    assert.deepEqual(
      names(kept.map((line) => JSON.parse(line))),
      names(await rows('deep/mine/skills.jsonl')),
    );
    const types = await readFile(`${dataset}/query-types.jsonl`, 'utf8');
    assert.equal(types, await readFile(project.file('deep/mine/query-types.jsonl'), 'utf8'));

    const { code, stderr } = await project.run(['skills', 'given.yaml']);
    assert.deepEqual(
      [code, stderr],
      [
        1,
        'given.yaml: nothing is to be extracted: skillmix.skills (from: file) and skillmix.queryTypes are both given',
      ],
    );
    const half = { ...given, queryTypes: { from: 'prompting', count: 4 } };
    await project.writeRecipe({ ...recipe, name: 'half', skillmix: half }, 'half.yaml');
    const refused = await project.run(['skills', 'half.yaml', '--out', 'deep/mine']);
    assert.match(
      refused.stderr,
      /^deep\/mine\/skills\.jsonl: the recipe reads this file; give another --out$/,
    );
  });

  it('are refused for another method, and for a run that has not ended or has written nothing', async () => {
    await project.writeRecipe({}, 'sedi.yaml');
    const { code, stderr } = await project.run(['skills', 'sedi.yaml']);
    assert.deepEqual(
      [code, stderr],
      [1, 'sedi.yaml: method: sedi has no skills to extract; that is method: skillmix'],
    );
    const { runId } = await project.json<StatusReport>(['run', 'sedi.yaml', '--set', 'target=2']);
    const says = async (id: string) => (await project.run(['coverage', id])).stderr;
    assert.equal(await says(runId), `${runId} is a run of sedi: only skillmix draws skills and query types`);
    assert.match(await says(extracted.run), /has extracted skills and written no examples/);
    await project.json(['start', 'recipe.yaml', '--set', 'target=5000', '--id', 'long']);
    await project.run(['pause', 'long']);
    assert.match(await says('long'), /^long has not ended: what it used is counted when/);
    await project.run(['cancel', 'long']);
  });
});
