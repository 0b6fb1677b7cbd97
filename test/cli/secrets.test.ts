import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import { errorBody } from '../openai-server.js';
import { filesBelow, Project, until } from './helpers.js';

const key = 'sk-test-7Zq0Vd93LmXw5RtYc81B';
/** A provider that repeats the key it was given, as some do. */
const echo = errorBody(`Incorrect API key provided: ${key}. Bearer ${key}`, 'server_error');

describe('the key of a teacher', () => {
  let project: Project;
  const output: string[] = [];
  let isRefused = true;

  before(async () => {
    project = await Project.create({
      env: { OPENAI_API_KEY: key },
      teacher: {
        apiKey: key,
        // The first attempt of some calls fails and can be repeated, one call is refused for good; then the key is.
        fault: (_, { index, repeat }) => {
          if (index > 30) return isRefused ? { status: 401, body: echo } : undefined;
          if (repeat > 0) return undefined;
          if (index === 3) return { status: 400, body: echo };
          return index % 9 === 0 ? { status: 500, body: echo } : undefined;
        },
      },
    });
  });
  after(() => project.stop());

  it('stays out of what is printed when the teacher repeats it and the run pauses for it', async () => {
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    const done = project.spawn(['watch', runId, '--verbose']);
    const paused = async () => (await project.json<StatusReport>(['status', runId])).paused !== null;
    await until(paused);
    for (const args of [['status', runId], ['list'], ['doctor'], ['verify', runId]]) {
      const { stdout, stderr } = await project.run([...args, '--verbose']);
      output.push(stdout, stderr);
    }
    const status = await project.run(['status', runId]);
    assert.match(status.stdout, /paused by provider: .*Incorrect API key provided: \[redacted\]/);
    isRefused = false;
    await project.json(['resume', runId]);
    const watched = await done;
    output.push(String(watched.stdout), String(watched.stderr));
    assert.equal(watched.exitCode, 0);
    const holding = output.filter((text) => text.includes(key));
    assert.deepEqual(holding, []);
  });

  it('was sent, and stays out of store, state folder, logs and Temporal’s database', async () => {
    assert.equal(project.teacher.requests[0]?.headers.authorization, `Bearer ${key}`);
    await project.json(['down']);
    const files = await filesBelow(project.folder);
    const names = [...files.keys()];
    for (const wanted of ['temporal.db', 'worker.log', '.calls.jsonl', 'processes.json']) {
      assert.ok(
        names.some((name) => name.endsWith(wanted)),
        `there is no ${wanted}`,
      );
    }
    // What the failed calls said is there, so the key would be too.
    const words = names.filter((name) => files.get(name)?.includes('Incorrect API key provided'));
    assert.ok(
      words.some((name) => name.includes('temporal.db')) && words.some((name) => name.includes('ledger')),
    );
    assert.deepEqual(
      names.filter((name) => files.get(name)?.includes(key)),
      [],
    );
  });
});
