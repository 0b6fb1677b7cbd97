import assert from 'node:assert/strict';
import { TeacherClients } from '../../activities/teacher-client/clients.js';

describe('clients of a worker process', () => {
  const missing = 'SEEDMILL_TEST_KEY_THAT_IS_NOT_SET';

  it('pause the run where there is no key for its endpoint, and say what to do', () => {
    const clients = new TeacherClients();
    const endpoint = { baseUrl: 'https://teacher.invalid/v1', apiKeyEnv: missing };
    assert.throws(() => clients.get(endpoint, 1_000), {
      type: 'ProviderAccess',
      nonRetryable: true,
      message: `no key for the teacher at https://teacher.invalid/v1: set the environment variable ${missing} where the worker is started, start it anew, then resume`,
    });
  });

  it('are kept for the next request', () => {
    const clients = new TeacherClients();
    const endpoint = { baseUrl: 'http://127.0.0.1:9/v1', apiKeyEnv: missing };
    assert.equal(clients.get(endpoint, 1_000), clients.get(endpoint, 1_000));
    assert.notEqual(clients.get(endpoint, 1_000), clients.get(endpoint, 2_000));
  });
});
