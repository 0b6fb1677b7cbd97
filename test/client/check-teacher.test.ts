import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TeacherFile, teacherWithDefaults } from '../../activities/recipe-teacher.js';
import { checkTeacher } from '../../client/check-teacher.js';
import { UserError } from '../../store/errors.js';
import { BatchServer } from '../batch-server.js';
import { OpenAiServer, type OpenAiServerOptions } from '../openai-server.js';

describe('checkTeacher', () => {
  let server: OpenAiServer;
  afterEach(() => server?.stop());

  async function check(
    options: OpenAiServerOptions,
    changes: Partial<TeacherFile>,
    urlOf: (server: OpenAiServer) => string = ({ baseUrl }) => baseUrl,
  ): Promise<void> {
    server = await OpenAiServer.start(options);
    const baseUrl = urlOf(server);
    const teacher = { name: 'default', endpoint: 'openai', model: 'scripted', baseUrl, ...changes };
    await checkTeacher({
      teacher: teacherWithDefaults(teacher as TeacherFile),
      endpoint: { baseUrl, apiKeyEnv: null, model: 'scripted', identity: 'id:t' },
    });
  }
  const answer = (status: number, body: string) => ({
    also: async (_request: unknown, response: import('node:http').ServerResponse) => {
      response.writeHead(status).end(body);
      return true;
    },
  });

  const withoutV1 = ({ baseUrl }: OpenAiServer) => baseUrl.replace(/v1$/, '');

  it('asks whether a base URL without /v1 was meant to have it', async () => {
    await assert.rejects(check({}, {}, withoutV1), (error: Error) => {
      assert.ok(error instanceof UserError);
      return /\(HTTP 404 at \/models\).*: did you mean http:\/\/127\.0\.0\.1:\d+\/v1\? /.test(error.message);
    });
  });

  it('asks so too where a page is served for every address', async () => {
    await assert.rejects(check(answer(200, '<html>'), {}, withoutV1), /did you mean/);
  });

  it('sends the key as the calls will, without the newline at its end', async () => {
    process.env.SEEDMILL_TEST_KEY = 'sk-test-0123456789\n';
    try {
      server = await OpenAiServer.start({ apiKey: 'sk-test-0123456789' });
      const { baseUrl } = server;
      const teacher = teacherWithDefaults({ endpoint: 'openai', model: 'scripted' } as TeacherFile);
      const reached = { baseUrl, apiKeyEnv: 'SEEDMILL_TEST_KEY', model: 'scripted', identity: 'id:t' };
      await checkTeacher({ teacher, endpoint: reached });
    } finally {
      delete process.env.SEEDMILL_TEST_KEY;
    }
  });

  it('looks for the model of a teacher that makes vectors too', async () => {
    await check({ models: ['scripted'] }, { form: 'embedding' });
    await server.stop();
    await assert.rejects(
      check({ models: ['chatty'] }, { form: 'embedding' }),
      /has no model "scripted"; it has chatty/,
    );
  });

  it('takes an endpoint that lists its models nowhere', async () => {
    await check(answer(404, '{}'), {}, ({ baseUrl }) => `${baseUrl}/compatible`);
  });

  it('takes an endpoint without batches for calls that are made one by one', async () => {
    await check({}, { mode: 'online' });
  });

  it('takes an endpoint with batches', async () => {
    await check({ also: new BatchServer().answer }, { mode: 'batch' });
  });

  it('takes one that is only busy', async () => {
    await check(answer(503, 'later'), { mode: 'batch' });
  });

  it('refuses an endpoint that has moved, and says where it redirects to', async () => {
    const moved = createServer((_request, response) => {
      response.writeHead(308, { location: 'https://elsewhere.example/v1/models' }).end();
    });
    await new Promise<void>((resolve) => moved.listen(0, '127.0.0.1', resolve));
    try {
      const baseUrl = `http://127.0.0.1:${(moved.address() as AddressInfo).port}/v1`;
      const endpoint = { baseUrl, apiKeyEnv: null, model: 'scripted', identity: 'id:t' };
      const teacher = { name: 'default', endpoint: 'openai', model: 'scripted', baseUrl } as TeacherFile;
      await assert.rejects(checkTeacher({ teacher: teacherWithDefaults(teacher), endpoint }), {
        name: 'UserError',
        message: /redirects to https:\/\/elsewhere\.example\/v1\/models: set OPENAI_BASE_URL/,
      });
    } finally {
      moved.close();
    }
  });

  for (const [what, options] of [
    ['does not know them', {}],
    ['does not allow them', answer(405, '')],
    ['answers with a page', answer(200, '<html>')],
  ] as const) {
    it(`refuses batches where the endpoint ${what}, and names the key to change`, async () => {
      await assert.rejects(check(options, { mode: 'batch' }), (error: Error) => {
        assert.ok(error instanceof UserError);
        return /has no Batch API \(HTTP \d+ at \/batches\): set teacher\.mode to online/.test(error.message);
      });
    });
  }
});
