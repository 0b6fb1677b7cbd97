/** Which run a command means: the newest unfinished one of the same recipe and seeds, or a new one. */
import { createHash, randomBytes } from 'node:crypto';
import { partsOf } from '../activities/deita/open-rows.js';
import type { Teacher } from '../activities/recipe-teacher.js';
import type { GivenRow, OriginalRow } from '../activities/rows.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { type GivenName, roundFiles, runFiles } from '../activities/run-files.js';
import type { ConversationRow } from '../activities/student-messages.js';
import type { Aspect, Seed, Thresholds } from '../activities/types.js';
import { readJson, readJsonIfAny, sha256Hex, writeJson, writeJsonl } from '../store/artifacts.js';
import { canonicalJson } from '../store/canonical-json.js';
import { UserError } from '../store/errors.js';
import { checkRunId } from '../store/names.js';
import type { Store } from '../store/types.js';
import { runOf } from '../workflows/ids.js';
import { isThreshold } from '../workflows/settings-rules.js';
import { writeFork } from './fork/write-fork.js';
import { isRemoved, refuseRemoved } from './removed-runs.js';

/** `run.json`: where a run came from. Its presence says that all inputs of the run are in the store. */
export interface RunManifest {
  runId: string;
  recipe: string;
  /** Of the resolved recipe and the seeds' content: the same hash is the same run. */
  hash: string;
  startedAt: string;
  seedmill: string;
  /** Of the workflow bundle that the run was started with. */
  bundleSha256: string;
  /** Queues of its teachers' endpoints; workers of this store serve them while the run is open. */
  teacherQueues: string[];
  /** Only of a fork. */
  forkedFrom?: ForkedFrom;
}

/** Where a fork comes from. */
export interface ForkedFrom {
  runId: string;
  /** Rounds that it was given; 0: only what its parent was given. */
  round: number;
  /** What differs from the parent's recipe: `target: 24 → 40`. */
  changed: string[];
}

/** What a run is started from, resolved and checked. */
export interface RunInputs {
  recipe: StoredRecipe;
  seeds: Seed[];
  /** Tasks of `heldout.file`; null where the held-out set is a share of the seeds. */
  heldOut: Seed[] | null;
  /** Rows of the other files that the recipe names. */
  given?: GivenRows;
  /** Another run's rounds and all that it was given, in place of the above; `given` holds what is new. */
  fork?: ForkInputs;
}

export interface ForkInputs {
  from: ForkedFrom;
  /** The parent's. */
  hash: string;
  hasLists: boolean;
  /** The parent's, by which its rounds were decided where nothing else is kept with them. */
  thresholds: Thresholds;
}

export type GivenRows = Partial<Record<GivenName, unknown[]>> & {
  /** Rows of `data`, which can be many. */
  data?: GivenRow[];
  /** Adapters of the student as a scorer, by what they score. */
  scorers?: Partial<Record<Aspect, ScorerFiles>>;
};

/** What lies in a scorer's folder. */
export interface ScorerFiles {
  /** `adapter_model.safetensors`. */
  adapter: Buffer;
  /** `adapter_config.json`. */
  config: Buffer;
}

export interface ClaimedRun {
  runId: string;
  /** `finished`: it has a result already. */
  disposition: 'new' | 'rejoined' | 'finished';
}

/** Hash of everything that decides what a run asks and keeps. Paths and ports do not: only what lies there. */
export function hashInputs({ recipe, seeds, heldOut, given, fork }: RunInputs): string {
  const files = given === undefined || Object.keys(given).length === 0 ? {} : { given: digestOf(given) };
  const parent = fork && { forkOf: { runId: fork.from.runId, round: fork.from.round, hash: fork.hash } };
  return sha256Hex(canonicalJson({ recipe: withoutPaths(recipe), seeds, heldOut, ...files, ...parent }));
}

/** The rows themselves, but for what may be too large for one text. */
function digestOf({ data, scorers, ...rows }: GivenRows): unknown {
  return {
    ...rows,
    ...(data && { data: digestOfData(data) }),
    ...(scorers && {
      scorers: Object.fromEntries(
        Object.entries(scorers).map(([aspect, { adapter, config }]) => [aspect, digest([adapter, config])]),
      ),
    }),
  };
}

/** Hundreds of thousands of rows, for which a command asks several times. */
const digestsOfData = new WeakMap<readonly GivenRow[], string>();

function digestOfData(data: readonly GivenRow[]): string {
  const known = digestsOfData.get(data);
  if (known !== undefined) return known;
  const digested = digest(texts(data));
  digestsOfData.set(data, digested);
  return digested;
}

/** Keys in the file's order: to sort them takes ten times as long as all the rest. Infinite numbers were refused. */
function* texts(data: readonly GivenRow[]): Generator<string> {
  for (const { id, row, turns, example } of data) yield JSON.stringify([id, row, turns, example]);
}

function digest(parts: Iterable<string | Buffer>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex');
}

function withoutPaths(recipe: StoredRecipe): unknown {
  const { seeds: _seeds, data: _data, score, heldout, teacher, teachers, endpoints, ...others } = recipe;
  const { skillmix, decontaminate, ...rest } = others;
  const identified = ({ gguf, baseUrl: _baseUrl, ...asked }: Teacher) => {
    const { identity, model } = endpoints[asked.name] ?? {};
    // A local model is known by its file's hash once it runs; which run is meant has to be known before that.
    return { ...asked, ...(asked.endpoint === 'local' ? { gguf: gguf ?? 'bundled' } : { identity, model }) };
  };
  return {
    ...rest,
    teacher: identified(teacher),
    // By name: their order in the file means nothing.
    teachers: Object.fromEntries(Object.entries(teachers).map(([name, one]) => [name, identified(one)])),
    heldout: heldout !== null && 'file' in heldout ? { file: true } : heldout,
    ...(score && { score: { ...score, complexity: undefined, quality: undefined } }),
    ...(decontaminate && { decontaminate: { ...decontaminate, file: true } }),
    ...(skillmix && {
      skillmix: {
        ...skillmix,
        skills: 'file' in skillmix.skills ? { ...skillmix.skills, file: true } : skillmix.skills,
        queryTypes: 'file' in skillmix.queryTypes ? { file: true } : skillmix.queryTypes,
      },
    }),
  };
}

/**
 * The newest run with these inputs when it has ended and none of them is open; null otherwise. Changes nothing.
 * @throws UserError when `id` is that of a run that was removed.
 */
export async function findEndedRun(store: Store, inputs: RunInputs, id?: string): Promise<string | null> {
  const hash = hashInputs(inputs);
  if (id !== undefined) {
    checkRunId(id);
    await refuseRemoved(store, id);
    const known = await readJsonIfAny<RunManifest>(store, runFiles(id).manifest);
    return known?.hash === hash && (await hasEnded(store, id)) ? id : null;
  }
  const runs = await runsWithHash(store, hash);
  for (const runId of runs) if (!(await hasEnded(store, runId))) return null;
  return runs.at(-1) ?? null;
}

/** Whether a run with these inputs is under way. */
export async function hasOpenRun(store: Store, inputs: RunInputs, id?: string): Promise<boolean> {
  const runs = id === undefined ? await runsWithHash(store, hashInputs(inputs)) : [id];
  for (const runId of runs) {
    const isKnown = (await store.read(runFiles(runId).manifest)) !== undefined;
    if (isKnown && !(await hasEnded(store, runId))) return true;
  }
  return false;
}

/**
 * Finds the run to rejoin or claims a new one, and puts its inputs into the store.
 * The claim is a numbered pointer that only one writer can create: two commands at once get the same run.
 * @throws UserError when `id` belongs to a run with another recipe, naming the keys that differ, or the run is being removed or was.
 */
export async function claimRun(options: {
  store: Store;
  inputs: RunInputs;
  id?: string;
  isNew?: boolean;
  manifest: Pick<RunManifest, 'seedmill' | 'bundleSha256' | 'teacherQueues'>;
}): Promise<ClaimedRun> {
  const { store, inputs, id, isNew = false } = options;
  const hash = hashInputs(inputs);
  if (id !== undefined) {
    checkRunId(id);
    if (runOf(id) !== id)
      throw new UserError(`"${id}" cannot be a run id: it ends like a workflow of another run`);
    await refuseRemoved(store, id);
    const known = await readJsonIfAny<RunManifest>(store, runFiles(id).manifest);
    if (known && known.hash !== hash) await refuseOtherRecipe(store, id, inputs);
    if (known) return { runId: id, disposition: (await hasEnded(store, id)) ? 'finished' : 'rejoined' };
    await claimId(store, { id, hash });
    await point(store, { hash, runId: id });
    await writeInputs(options, { runId: id, hash });
    return { runId: id, disposition: 'new' };
  }
  if (!isNew) {
    const earlier = (await runsWithHash(store, hash)).reverse();
    for (const runId of earlier) {
      if (await hasEnded(store, runId)) continue;
      await refuseRemoved(store, runId);
      // Whoever claimed it may have died before its inputs were written; they are the same as ours.
      const manifest = await store.read(runFiles(runId).manifest);
      if (!manifest) await writeInputs(options, { runId, hash });
      return { runId, disposition: manifest ? 'rejoined' : 'new' };
    }
    const newest = earlier[0];
    if (newest !== undefined) {
      await refuseRemoved(store, newest);
      return { runId: newest, disposition: 'finished' };
    }
  }
  const runId = await newRunId(store, inputs.recipe.name);
  const claimed = await point(store, { hash, runId, onlyFirst: !isNew });
  // Whoever was faster may still be writing the inputs, or have died over it: look again.
  if (claimed !== runId) return await claimRun(options);
  await writeInputs(options, { runId, hash });
  return { runId, disposition: 'new' };
}

/** One that no run has or had. */
async function newRunId(store: Store, recipe: string): Promise<string> {
  const day = new Date().toISOString().slice(0, 10);
  for (;;) {
    const runId = `${recipe}-${day}-${randomBytes(3).toString('hex')}`;
    if ((await store.list(runId)).length === 0 && !(await isRemoved(store, runId))) return runId;
  }
}

/** True when the run has written its result. */
export async function hasEnded(store: Store, runId: string): Promise<boolean> {
  return (await store.read(runFiles(runId).result)) !== undefined;
}

/** Run ids started with this hash, oldest first; without those that are removed. */
async function runsWithHash(store: Store, hash: string): Promise<string[]> {
  const names = await store.list(`index/${hash}`);
  const pointers = await Promise.all(names.map((name) => readJson<{ runId: string }>(store, name)));
  const removed = await Promise.all(pointers.map(({ runId }) => isRemoved(store, runId)));
  return pointers.flatMap(({ runId }, index) => (removed[index] ? [] : [runId]));
}

/** Takes the pointer behind the last one; with `onlyFirst`, yields to whoever took the first one meanwhile. */
async function point(
  store: Store,
  { hash, runId, onlyFirst = false }: { hash: string; runId: string; onlyFirst?: boolean },
): Promise<string> {
  const names = await store.list(`index/${hash}`);
  const known = await Promise.all(names.map((name) => readJsonIfAny<{ runId: string }>(store, name)));
  if (known.some((pointer) => pointer?.runId === runId)) return runId;
  // A number that a removed run has left is free, and would make the newest run an old one.
  const highest = Number(/(\d+)\.json$/.exec(names.at(-1) ?? '')?.[1] ?? 0);
  for (let n = onlyFirst ? 1 : highest + 1; ; n += 1) {
    const name = `index/${hash}/${String(n).padStart(6, '0')}.json`;
    if (await store.create(name, `${JSON.stringify({ runId })}\n`)) return runId;
    const taken = await readJson<{ runId: string }>(store, name);
    if (taken.runId === runId) return runId;
    if (onlyFirst && !(await hasEnded(store, taken.runId)) && !(await isRemoved(store, taken.runId)))
      return taken.runId;
  }
}

/** Two commands that give one id to two recipes: the second is refused, however close they are. */
async function claimId(store: Store, { id, hash }: { id: string; hash: string }): Promise<void> {
  const name = `index/ids/${id}.json`;
  if (await store.create(name, `${JSON.stringify({ runId: id, hash })}\n`)) return;
  const taken = await readJson<{ hash: string }>(store, name);
  if (taken.hash !== hash) {
    throw new UserError(`run ${id} is being started with another recipe or other seeds; choose another --id`);
  }
}

/**
 * Puts a run's inputs into the store, its manifest last.
 * @throws UserError when the run was removed meanwhile.
 */
export async function writeInputs(
  options: Pick<Parameters<typeof claimRun>[0], 'store' | 'inputs' | 'manifest'>,
  { runId, hash }: { runId: string; hash: string },
): Promise<void> {
  const { store, inputs, manifest } = options;
  const files = runFiles(runId);
  await writeJson(store, files.recipe, inputs.recipe);
  if (inputs.fork) await writeFork(store, { runId, recipe: inputs.recipe, fork: inputs.fork });
  else await writeJsonl(store, files.seeds, inputs.seeds);
  if (inputs.heldOut) await writeJsonl(store, files.heldOutGiven, inputs.heldOut);
  const { data = [], scorers = {}, ...given } = inputs.given ?? {};
  for (const [name, rows] of Object.entries(given))
    await writeJsonl(store, files.given(name as GivenName), rows);
  await writeData(store, { runId, data, rowsPerRound: inputs.recipe.rowsPerRound });
  for (const [aspect, { adapter, config }] of Object.entries(scorers)) {
    const name = files.scorer(aspect as Aspect);
    await store.write(name, adapter);
    await store.write(name.replace(/[^/]*$/, 'adapter_config.json'), config);
  }
  // Large inputs and copies take minutes. What was written behind the back of who removes the run is nobody's.
  if (await isRemoved(store, runId)) await store.removeFolder(runId);
  await refuseRemoved(store, runId);
  const startedAt = new Date().toISOString();
  const run: RunManifest = {
    runId,
    recipe: inputs.recipe.name,
    hash,
    startedAt,
    ...manifest,
    ...(inputs.fork && { forkedFrom: inputs.fork.from }),
  };
  await writeJson(store, files.manifest, run);
}

/** Part by part, each for a round of its own. */
async function writeData(
  store: Store,
  {
    runId,
    data,
    rowsPerRound,
  }: { runId: string; data: readonly GivenRow[]; rowsPerRound: number | undefined },
): Promise<void> {
  for (const [part, rows] of partsOf(data, rowsPerRound).entries()) {
    const files = roundFiles(runId, part + 1);
    const read = rows.map(({ id, turns }) => ({ id, turns })) satisfies ConversationRow[];
    await writeJsonl(store, files.rows, read);
    const originals = rows.map(({ row, example }) => ({ row, example })) satisfies OriginalRow[];
    await writeJsonl(store, files.originals, originals);
  }
}

async function refuseOtherRecipe(store: Store, id: string, inputs: RunInputs): Promise<never> {
  const stored = await readJson<StoredRecipe>(store, runFiles(id).recipe);
  const differing = differingKeys(stored, inputs.recipe);
  const rest = inputs.fork ? 'what it was forked from' : 'the seed tasks';
  const what = differing.length > 0 ? differing.join(', ') : rest;
  const canBeSet = differing.length > 0 && differing.every(isSettable);
  const advice = canBeSet ? ` "seedmill set ${id} …" changes that in the run itself.` : '';
  throw new UserError(
    `run ${id} was started with another recipe; different: ${what}. Leave --id out for a new run, or undo the change.${advice}`,
  );
}

/** Whether `seedmill set` changes this key of a recipe in a run that lives. */
export function isSettable(key: string): boolean {
  return (
    /^(budget\.(usd|calls|tokens)|target)$/.test(key) ||
    isThreshold(key) ||
    /^teachers?\.(.+\.)?(concurrency|requestsPerMinute|tokensPerMinute)$/.test(key)
  );
}

/** Dotted names of the keys whose values differ. */
export function differingKeys(a: unknown, b: unknown, prefix = ''): string[] {
  if (!isRecord(a) || !isRecord(b)) {
    return canonicalJson(a ?? null) === canonicalJson(b ?? null) ? [] : [prefix];
  }
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return keys.flatMap((key) => differingKeys(a[key], b[key], prefix === '' ? key : `${prefix}.${key}`));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
