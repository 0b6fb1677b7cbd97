import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ensureSearchAttributes } from '../../workers/search-attributes.js';
import { connectClient, type TemporalTarget } from '../../workers/temporal-connection.js';
import { testTemporal } from '../global-setup.js';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

describe('ensureSearchAttributes', () => {
  let server: TemporalTarget;
  let client: Client;

  before(async function () {
    this.timeout(0);
    server = await testTemporal();
  });
  /** A namespace of the test's own: attributes belong to one. */
  beforeEach(async () => {
    const namespace = `test-${randomUUID()}`;
    client = await connectClient({ ...server, namespace });
    await client.connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
  });
  afterEach(() => client.connection.close());

  it('creates what is missing, so that a run can be started and found with it', async () => {
    const lines: string[] = [];
    const names = await ensureSearchAttributes(client, (line) => lines.push(line));
    assert.equal(names.length, 5);
    assert.deepEqual(lines, []);
    await client.workflow.start('never', {
      workflowId: 'w1',
      taskQueue: 'none',
      args: [],
      searchAttributes: { SeedmillRound: [3], SeedmillMethod: ['sedi', 'skillmix'] },
    });
    for (let found = 0; found === 0; ) {
      ({ count: found } = await client.workflow.count('SeedmillRound = 3 and SeedmillMethod = "skillmix"'));
    }
  });

  it('does not offer one that exists with another type, and says so', async () => {
    await client.connection.operatorService.addSearchAttributes({
      namespace: client.options.namespace,
      searchAttributes: { SeedmillRound: INDEXED_VALUE_TYPE_KEYWORD },
    });
    const lines: string[] = [];
    const names = await ensureSearchAttributes(client, (line) => lines.push(line));
    assert.equal(names.includes('SeedmillRound'), false);
    assert.equal(names.includes('SeedmillState'), true);
    assert.match(lines.join('\n'), /without the search attributes SeedmillRound/);
  });

  it('offers none where the server refuses', async () => {
    const lines: string[] = [];
    const nowhere = await connectClient({ ...server, namespace: 'not-registered' });
    const names = await ensureSearchAttributes(nowhere, (line) => lines.push(line));
    await nowhere.connection.close();
    assert.deepEqual(names, []);
    assert.match(lines.join('\n'), /runs go without them/);
  });
});
