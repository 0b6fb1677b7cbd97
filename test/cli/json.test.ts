import assert from 'node:assert/strict';
import { ended, onlyJson, Project } from './helpers.js';

const commands = [
  ...[
    'run',
    'start',
    'watch',
    'status',
    'list',
    'pause',
    'resume',
    'cancel',
    'verify',
    'skills',
    'coverage',
    'report',
    'worker',
    'up',
    'down',
  ],
  'doctor',
];

const statusKeys = [
  ...[
    'runId',
    'state',
    'stopReason',
    'round',
    'candidates',
    'accepted',
    'rejected',
    'calls',
    'tokens',
    'costUsd',
  ],
  ...['heldOutLoss', 'dataset'],
];
const callKeys = ['planned', 'answered', 'failed', 'sent', 'fromStore', 'failedAttempts'];

describe('the command line', () => {
  let project: Project;

  before(async () => {
    project = await Project.create({ teacher: { latencyMs: 20 } });
  });
  after(() => project.stop());

  it('explains every command with --help, and names all of them', async () => {
    const { code, stdout } = await project.run(['--help']);
    assert.equal(code, 0);
    const helps = await Promise.all(commands.map((command) => project.run([command, '--help'])));
    for (const [index, command] of commands.entries()) {
      assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
      assert.equal(helps[index]?.code, 0);
      assert.match(helps[index]?.stdout ?? '', new RegExp(`^Usage: seedmill ${command} .*\n\n[a-z]`));
      for (const option of ['--store', '--state-dir', '--json', '--verbose']) {
        assert.match(helps[index]?.stdout ?? '', new RegExp(`^  ${option}\\b`, 'm'));
      }
    }
  });

  it('prints its version', async () => {
    assert.match((await project.run(['--version'])).stdout, /^\d+\.\d+\.\d+$/);
  });

  /** In the order in which they find something to do. */
  const reports: [name: string, args: string[], keys: string[]][] = [
    ['start', ['start', 'recipe.yaml', '--id', 'one', '--set', 'target=50000'], statusKeys],
    ['pause', ['pause', 'one'], ['runId', 'state', 'phase', 'stopReason', 'settings']],
    ['status', ['status', 'one'], statusKeys],
    ['resume', ['resume', 'one'], ['runId', 'state', 'phase', 'stopReason', 'settings']],
    ['cancel', ['cancel', 'one'], ['runId', 'state', 'phase', 'stopReason', 'settings']],
    ['run', ['run', 'recipe.yaml', '--id', 'two'], statusKeys],
    ['watch', ['watch', 'two'], statusKeys],
    ['list', ['list'], ['runs']],
    ['verify', ['verify', 'two'], ['runId', 'ok', 'problems', 'calls', 'candidates', 'costUsd', 'dataset']],
    ['doctor', ['doctor'], ['ok', 'checks', 'processes']],
    ['down', ['down'], ['ended']],
  ];
  for (const [name, args, keys] of reports) {
    it(`prints one JSON object and nothing else with --json: ${name}`, async () => {
      const result = await project.run([...args, '--json']);
      const report = onlyJson<Record<string, unknown>>(result);
      assert.deepEqual(
        keys.filter((key) => !(key in report)),
        [],
      );
      if (keys !== statusKeys) return;
      const { calls, tokens } = report as { calls: object; tokens: object };
      assert.deepEqual(
        callKeys.filter((key) => !(key in calls)),
        [],
      );
      assert.deepEqual(Object.keys(tokens).sort(), ['completion', 'prompt', 'unknown']);
    });
  }

  it('takes another port and says so when something else has the one that Temporal would get', async () => {
    const { createServer } = await import('node:net');
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const neighbour = await Project.create({ env: { SEEDMILL_TEMPORAL_PORT: String(port) } });
    try {
      const result = ended(await neighbour.spawn(['run', 'recipe.yaml', '--json', '--set', 'target=3']));
      assert.equal(result.code, 0, result.stderr);
      assert.match(
        result.stderr,
        new RegExp(`^Temporal: port ${port} is in use by something else; taking \\d+$`, 'm'),
      );
    } finally {
      await neighbour.stop();
      other.close();
    }
  });

  it('refuses a name that belongs to a run with another recipe, and names the keys that differ', async () => {
    const set = ['--set', 'target=9', '--set', 'teacher.freshSamples=0', '--id', 'two'];
    const { code, stderr } = await project.run(['run', 'recipe.yaml', ...set]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^run two was started with another recipe; different: target, teacher\.freshSamples\./m,
    );
  });

  it('refuses to steer a run that has ended', async () => {
    const { code, stderr } = await project.run(['pause', 'two']);
    assert.deepEqual([code, stderr], [1, 'pause two: the run has ended']);
  });
});
