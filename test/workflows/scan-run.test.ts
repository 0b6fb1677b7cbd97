import assert from 'node:assert/strict';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { Candidate } from '../../activities/types.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import type { Script } from '../openai-server.js';
import { RunHarness } from '../run-harness.js';
import { scriptedTeacher } from '../scripted-teacher.js';

const address = 'jane.miller@gmail.com';
const phone = '(212) 736-5000';
const plain = scriptedTeacher();

/** Every other task of an answer has an address, every third a telephone number. */
const script: Script = (request) => {
  const answer = plain(request);
  const { text } = answer;
  if (typeof text !== 'string' || !text.startsWith('{')) return answer;
  const { tasks } = JSON.parse(text) as { tasks: { output: string }[] };
  const with_ = tasks.map(({ output, ...rest }, n) => ({
    ...rest,
    output: `${output}${n % 2 === 0 ? ` Write to ${address}.` : ''}${n % 3 === 1 ? ` Call ${phone}.` : ''}`,
  }));
  return { ...answer, text: JSON.stringify({ tasks: with_ }) };
};

describe('a run that scans for personal data', () => {
  let harness: RunHarness;
  let runId: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script } });
    runId = await harness.finishedRun({
      method: 'self-instruct',
      target: 12,
      teacher: { form: 'chat', model: 'scanned' },
      generation: { prompts: 'one-call', answers: 'classify', callsPerRound: 3 },
      scan: { email: 'flag', phone: 'reject' },
    });
  });
  after(() => harness.stop());

  const candidates = () => readJsonlAt<Candidate>(harness.store, roundFiles(runId, 1).candidates);

  it('rejects what is to be rejected, and flags what is to be flagged', async () => {
    const all = await candidates();
    const phones = all.filter(
      ({ verdict }) => verdict.state === 'rejected' && verdict.reason === 'personal-data',
    );
    assert.ok(phones.length > 0);
    for (const { output, verdict, flags } of phones) {
      assert.ok(output.includes(phone));
      assert.deepEqual(
        [verdict, flags],
        [{ state: 'rejected', reason: 'personal-data', detail: 'phone' }, undefined],
      );
    }
    const accepted = all.filter(({ verdict }) => verdict.state === 'accepted');
    assert.ok(accepted.some(({ flags }) => flags !== undefined));
    for (const { output, flags } of accepted) {
      assert.ok(!output.includes(phone));
      assert.deepEqual(flags, output.includes(address) ? ['email'] : undefined);
    }
  });

  it('counts them, and the dataset says which they are', async () => {
    const status = await readStatus(harness.store, runId);
    const lineage = await readJsonlAt<Candidate>(harness.store, runFiles(runId).dataset('lineage.jsonl'));
    const surplus = await readJsonlAt<Candidate>(harness.store, runFiles(runId).dataset('surplus.jsonl'));
    const flagged = [...lineage, ...surplus].filter(({ flags }) => flags?.includes('email')).length;
    assert.deepEqual(status.flagged, { email: flagged });
    assert.ok((status.rejected['personal-data'] ?? 0) > 0);
  });

  it('keeps what it has found out of histories and of everything but the texts', async () => {
    const history = JSON.stringify(await harness.client.workflow.getHandle(runId).fetchHistory());
    assert.ok(!history.includes('jane.miller') && !history.includes('736-5000'));
    for (const { verdict, flags } of await candidates()) {
      assert.doesNotMatch(JSON.stringify([verdict, flags ?? []]), /jane|736/);
    }
  });

  it('adds up, and does not where a flag is taken away', async () => {
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    const file = roundFiles(runId, 1).candidates;
    const all = await candidates();
    await writeJsonl(
      harness.store,
      file,
      all.map(({ flags: _flags, ...rest }) => rest),
    );
    const { problems } = await verifyRun(harness.store, runId);
    await writeJsonl(harness.store, file, all);
    assert.ok(
      problems.some((problem) =>
        /^round 1: \d+ verdicts of the scan are not what it says now$/.test(problem),
      ),
    );
  });
});
