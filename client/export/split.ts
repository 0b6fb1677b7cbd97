/** Which rows are for training and which for testing, with no near-duplicate across. */
import { seededRandom } from '../../methods/random.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import { STRICT_THRESHOLD } from '../../methods/sedi/batches.js';
import { UserError } from '../../store/errors.js';
import type { SplitKind } from './names.js';
import type { ExportRow, RunDataset } from './run-dataset.js';

export type Side = 'train' | 'test';

export interface SplitRequest {
  /** Above 0, below 1. */
  testShare: number;
  /** `random`: row by row. `skill` and `seed`: each test row has a skill, or seed task, that no row for training has. */
  kind: SplitKind;
}

export interface SplitReport extends SplitRequest {
  /** Rows whose instruction is more similar than this to one of the other set are not in the test set: ROUGE-L. */
  threshold: number;
  /** Drawn for the test set, but too similar to a row for training, to which they went back. */
  movedBack: number;
  /** In neither set: the same, but their skill or seed task is not to be trained on. */
  leftOut: number;
}

export interface Split {
  /** By the row's place in the dataset; null: in neither set. */
  sideOf(index: number): Side | null;
  /** Where the rows with this instruction are. */
  sideOfText(instruction: string): Side | null;
  report: SplitReport;
}

/** Characters that are compared: a pool takes texts of up to 32,767 tokens. */
const comparedLength = 32_000;

/**
 * Draws the test set by the recipe's random seed, so that a dataset is always split alike. A row that was drawn stays in the
 * test set when no row for training has an instruction with a ROUGE-L above the strict threshold to its own.
 * @throws UserError when one of the two sets would be empty, or the rows have no skills or seed tasks to split by.
 */
export function splitRows(dataset: RunDataset, request: SplitRequest, tick: () => void): Split {
  const { recipe, runId } = dataset;
  const texts: string[] = [];
  const groups: string[][] = [];
  for (const row of dataset.rows()) {
    texts.push(row.instruction.slice(0, comparedLength));
    groups.push(groupsOf(row, request.kind));
    tick();
  }
  const random = seededRandom(recipe.seed, 'export', request.kind);
  const wanted = Math.max(1, Math.round(request.testShare * texts.length));
  const drawn =
    request.kind === 'random'
      ? new Set(random.sample([...texts.keys()], wanted))
      : drawGroups({ groups, wanted, shuffled: random.shuffle([...new Set(groups.flat())]) });
  const what = request.kind === 'skill' ? 'skill' : 'seed task';
  if (request.kind !== 'random' && groups.every((names) => names.length === 0))
    throw new UserError(
      `--split ${request.kind}: no row of ${runId} has a ${what} (method ${recipe.method}); split at random`,
    );
  if (drawn.size === 0)
    throw new UserError(
      `--split ${request.kind}: every ${what} of ${runId} is in more rows than the test set is to have; raise --test-share, or split at random`,
    );

  const pool = new RougeLPool({ tokenisation: recipe.filter.tokens });
  for (const [index, text] of texts.entries()) if (!drawn.has(index)) pool.add(String(index), text);
  const isNear = (index: number) =>
    pool.nearest(texts[index] ?? '', { threshold: STRICT_THRESHOLD }) !== null;
  const near: number[] = [];
  for (let isSettled = false; !isSettled; ) {
    const found = [...drawn].filter(isNear);
    for (const index of found) {
      drawn.delete(index);
      // What goes back for training is what others are compared with, too.
      if (request.kind === 'random') pool.add(String(index), texts[index] ?? '');
    }
    near.push(...found);
    isSettled = found.length === 0 || request.kind !== 'random';
  }
  const trained = texts.length - drawn.size - (request.kind === 'random' ? 0 : near.length);
  if (drawn.size === 0 || trained === 0)
    throw new UserError(
      `${runId} cannot be split: ${drawn.size === 0 ? 'every row that was drawn for the test set is too similar to one for training' : 'no row would be left for training'}; change --test-share`,
    );
  const leftOut = new Set(request.kind === 'random' ? [] : near);
  const sideOf = (index: number): Side | null =>
    drawn.has(index) ? 'test' : leftOut.has(index) ? null : 'train';
  const sides = new Map(texts.map((text, index) => [text, sideOf(index)]));
  return {
    sideOf,
    sideOfText: (instruction) => sides.get(instruction.slice(0, comparedLength)) ?? null,
    report: {
      ...request,
      threshold: STRICT_THRESHOLD,
      movedBack: near.length - leftOut.size,
      leftOut: leftOut.size,
    },
  };
}

function groupsOf({ lineage: { mix, seedIds } }: ExportRow, kind: SplitKind): string[] {
  if (kind === 'random') return [];
  return (kind === 'skill' ? mix?.skills : seedIds) ?? [];
}

/** All rows of one group after another, as long as they are no more than wanted. */
function drawGroups(options: {
  groups: readonly string[][];
  wanted: number;
  shuffled: readonly string[];
}): Set<number> {
  const members = new Map<string, number[]>();
  for (const [index, own] of options.groups.entries()) {
    for (const group of own) {
      const known = members.get(group);
      if (known) known.push(index);
      else members.set(group, [index]);
    }
  }
  const drawn = new Set<number>();
  for (const group of options.shuffled) {
    const added = (members.get(group) ?? []).filter((index) => !drawn.has(index));
    if (drawn.size + added.length <= options.wanted) for (const index of added) drawn.add(index);
  }
  return drawn;
}
