/** Builtins of Node need no test: with one, bundling itself fails. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { loadWorkflowBundle } from '../workers/workflow-bundle.js';

/** Temporal's own part is about 1.7 MB of it. */
const ceilingBytes = 2_300_000;
/** What Temporal's workflow package brings. */
const expectedPackages = ['long', 'ms', 'nexus-rpc'];

describe('the workflow bundle', () => {
  let code: string;
  let sources: string[];

  before(async function () {
    this.timeout(0);
    code = (await loadWorkflowBundle()).code;
    sources = sourcesOf(code);
  });

  it('holds every file of workflows/', () => {
    for (const file of ['recipe-run.ts', 'generate-loop.ts', 'call-shard.ts', 'call-batch.ts']) {
      assert.ok(sources.includes(`workflows/${file}`), file);
    }
  });

  it('holds nothing else of this project but what makes foreign text harmless: no activity, no store', () => {
    const own = sources.filter((name) => !name.startsWith('node_modules/'));
    assert.deepEqual(
      own.filter((name) => !name.startsWith('workflows/')),
      ['methods/text.ts'],
    );
  });

  it('holds no package but Temporal and what that brings', () => {
    const packages = sources.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []);
    const others = new Set(packages.filter((name) => !name.startsWith('@temporalio/')));
    assert.deepEqual([...others].sort(), expectedPackages);
  });

  it('stays small: each open workflow keeps a context of it', () => {
    assert.ok(code.length < ceilingBytes, `${code.length} bytes`);
  });
});

/** Files that went into the bundle, relative to the checkout, by its inline source map. */
function sourcesOf(code: string): string[] {
  const map = /\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,([A-Za-z0-9+/=]+)\s*$/.exec(
    code,
  );
  const { sources } = JSON.parse(Buffer.from(map?.[1] ?? '', 'base64').toString('utf8')) as {
    sources: string[];
  };
  const root = path.resolve(import.meta.dirname, '..');
  return sources.filter((name) => path.isAbsolute(name)).map((name) => path.relative(root, name));
}
