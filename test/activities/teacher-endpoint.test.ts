import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { resolveEndpoint, resolveEndpointOf } from '../../activities/teacher-endpoint.js';
import { teacherOf } from '../../activities/teachers.js';
import { temporaryFolder } from '../temporary-folder.js';
import { storedRecipe } from './stored-run.js';

describe('resolveEndpoint', () => {
  const folder = temporaryFolder();
  const before = process.env.OPENAI_BASE_URL;
  const { baseUrl: _given, ...unaddressed } = storedRecipe().teacher;

  beforeEach(() => {
    process.env.OPENAI_BASE_URL = 'https://llm.example.org/v1';
  });
  afterEach(() => {
    if (before === undefined) delete process.env.OPENAI_BASE_URL;
    else process.env.OPENAI_BASE_URL = before;
  });

  it("takes the recipe's address before the environment's", async () => {
    const { baseUrl } = await resolveEndpoint(storedRecipe().teacher, folder());
    assert.equal(baseUrl, 'http://127.0.0.1:9/v1');
  });

  it("takes the environment's where the recipe has none", async () => {
    const { baseUrl } = await resolveEndpoint(unaddressed, folder());
    assert.equal(baseUrl, 'https://llm.example.org/v1');
  });

  it("takes OpenAI's own where nobody names one, and takes an empty variable for none", async () => {
    process.env.OPENAI_BASE_URL = '';
    const { baseUrl } = await resolveEndpoint(unaddressed, folder());
    assert.equal(baseUrl, 'https://api.openai.com/v1');
  });

  it('reads where the local teacher listens, and names it by its model file', async () => {
    const local = { baseUrl: 'http://127.0.0.1:4000/v1', model: 'small', ggufSha256: 'abc' };
    await writeFile(path.join(folder(), 'teacher.json'), JSON.stringify(local));
    const { teacher } = storedRecipe();
    assert.deepEqual(await resolveEndpoint({ ...teacher, endpoint: 'local' }, folder()), {
      baseUrl: local.baseUrl,
      apiKeyEnv: null,
      model: 'small',
      identity: 'gguf:abc',
    });
  });

  it('waits for a local teacher that is not up', async () => {
    const { teacher } = storedRecipe();
    await assert.rejects(
      resolveEndpoint({ ...teacher, endpoint: 'local' }, folder()),
      retryable('TeacherUnavailable', /seedmill up/),
    );
  });
});

describe('resolveEndpointOf', () => {
  const folder = temporaryFolder();

  it("is the endpoint whose identity is that of the run's start", async () => {
    const { identity } = await resolveEndpointOf(teacherOf(storedRecipe(), 'tasks'), folder());
    assert.equal(identity, 'url:http://127.0.0.1/v1');
  });

  it("refuses another one, retryably, for its answers would be stored under this one's name", async () => {
    const teacher = { ...teacherOf(storedRecipe(), 'tasks'), identity: 'url:https://llm.example.org/v1' };
    await assert.rejects(
      resolveEndpointOf(teacher, folder()),
      retryable('OtherTeacher', /llm\.example\.org.*but this worker reaches url:http:\/\/127\.0\.0\.1/),
    );
  });
});

function retryable(type: string, message: RegExp) {
  return (error: unknown) =>
    error instanceof ApplicationFailure &&
    error.type === type &&
    error.nonRetryable !== true &&
    message.test(error.message);
}
