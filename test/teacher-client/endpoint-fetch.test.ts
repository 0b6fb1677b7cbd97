import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchAnswer, patientDispatcher } from '../../activities/teacher-client/endpoint-fetch.js';

type Options = { headersTimeout: number; bodyTimeout: number };

describe('a request to an endpoint that takes longer than fetch waits', () => {
  let server: Server;
  let respond: (response: ServerResponse, later: () => Promise<void>) => Promise<void>;
  let later: () => Promise<void>;
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let restore: () => void;

  before(async () => {
    server = createServer((_request, response) => void respond(response, later));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The built-in limits are 300 s; short ones show the same.
    restore = replaceGlobalDispatcher({ headersTimeout: 100, bodyTimeout: 100 });
  });
  after(() => {
    restore();
    server.closeAllConnections();
    server.close();
  });

  for (const [what, slowly] of [
    [
      'until its headers come',
      async (response: ServerResponse, later: () => Promise<void>) => {
        await later();
        response.end('late');
      },
    ],
    [
      'in the middle of its body',
      async (response: ServerResponse, later: () => Promise<void>) => {
        response.write('la');
        await later();
        response.end('te');
      },
    ],
  ] as const) {
    it(`is waited for, ${what}`, async () => {
      respond = slowly;
      // However long that takes, nothing comes.
      later = () => new Promise(() => {});
      await assert.rejects(async () => await (await fetch(url())).text());
      later = () => sleep(3_000);
      assert.equal(await (await fetchAnswer(url())).text(), 'late');
    });
  }
});

/** Sets the limits of the built-in `fetch`; returns what takes them back. */
function replaceGlobalDispatcher(options: Options): () => void {
  const Agent = patientDispatcher().constructor as new (options: Options) => unknown;
  const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) =>
    description?.startsWith('undici.globalDispatcher.'),
  ) as symbol;
  const globals = globalThis as unknown as Record<symbol, unknown>;
  const usual = globals[symbol];
  globals[symbol] = new Agent(options);
  return () => {
    globals[symbol] = usual;
  };
}
