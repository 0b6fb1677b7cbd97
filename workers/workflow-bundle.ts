/** The workflows' code as one bundle: built once by `npm run build`, or on the spot when running from sources. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** True when this file runs as TypeScript (tests, development) and not from `dist/`. */
const isFromSources = import.meta.url.endsWith('.ts');

/** Where `npm run build` puts the bundle. */
export const bundlePath = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

export interface WorkflowBundle {
  code: string;
  /** Of the code, hex; a run records it, so that one knows later which workflows wrote its history. */
  sha256: string;
}

/** A process that runs from sources bundles them once, however many workers it starts. */
let fromSources: Promise<string> | undefined;

/** The bundle for a worker of this process. Throws when running from `dist/` that was not built. */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
  if (isFromSources) fromSources ??= bundleWorkflows();
  const code = await (fromSources ?? readFile(bundlePath, 'utf8'));
  return { code, sha256: createHash('sha256').update(code).digest('hex') };
}

/**
 * The SDK takes a stack trace of every promise in a workflow, for the UI's call stack; with V8's ten frames that is half
 * of what a shard's workflow costs per call. Two of these are the SDK's own, and two say where the workflow waits. Set
 * before everything else, because the SDK freezes `Error`.
 */
const fewerFrames = 'Error.stackTraceLimit = 4;';

/** Bundles our workflows, or those that `entry` exports. Takes 2 to 4 seconds. */
export async function bundleWorkflows(
  entry = new URL(`../workflows/index.${isFromSources ? 'ts' : 'js'}`, import.meta.url),
): Promise<string> {
  // Loaded here: a command reads the bundle that is there, and has no use for webpack.
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({ workflowsPath: fileURLToPath(entry), logger: quiet });
  return `${fewerFrames}${code}`;
}

/** Webpack's own report of every module is of no use to anybody who did not write webpack. */
const quiet = {
  log: () => {},
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: (message: string) => process.stderr.write(`${message}\n`),
  error: (message: string) => process.stderr.write(`${message}\n`),
};
