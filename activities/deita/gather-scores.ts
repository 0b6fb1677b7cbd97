import { conversationScore } from '../../methods/deita/conversation-score.js';
import { readScore } from '../../methods/deita/score-prompts.js';
import { decodeVectors } from '../../methods/embedding.js';
import { writeNpy } from '../../similarity/npy.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { countScores } from '../count-round.js';
import { readAnswered, readCalls } from '../phase-calls.js';
import type { ScoredRow } from '../rows.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import type { ConversationRow, PromptScores } from '../student-messages.js';
import type { Aspect, GatheredScores, MissingScore, RoundInput } from '../types.js';
import { readRows } from './choose-calls.js';

/** The scores of one aspect, by row and turn. */
interface Scores {
  first: TurnScore[][];
  again: TurnScore[][];
}

type TurnScore = { score: number } | { score: null; missing: MissingScore };

/** Puts together what calls, or the student, said of a round's rows; and the vectors that calls have brought. */
export async function gatherScores(runs: Runs, at: RoundInput): Promise<GatheredScores> {
  const recipe = await runs.recipe(at.run);
  const rows = await readRows(runs, at);
  const files = roundFiles(at.run.runId, at.round);
  const scored = await scoredRows(runs, { at, recipe, rows });
  await writeJsonl(runs.store, files.scores, scored);
  if (recipe.select && recipe.select.embedder !== 'student') await gatherVectors(runs, at, rows.length);
  const { scoring } = countScores(scored);
  return { rows: rows.length, scoring: scoring ?? null };
}

/** The scores of a round's rows, from what calls or the student said; none where nobody scores. */
export async function scoredRows(
  runs: Pick<Runs, 'store'>,
  { at, recipe, rows }: { at: RoundInput; recipe: StoredRecipe; rows: ConversationRow[] },
): Promise<ScoredRow[]> {
  if (!recipe.score) return [];
  const isStudents = recipe.score.scorer === 'student';
  const read = isStudents ? studentScores : askedScores;
  const [complexity, quality] = await Promise.all(
    (['complexity', 'quality'] as const).map((aspect) => read(runs, { at, recipe, rows, aspect })),
  );
  if (!complexity || !quality) throw new Error('two aspects');
  return rows.map(({ id }, row): ScoredRow => {
    const first = { complexity: complexity.first[row] ?? [], quality: quality.first[row] ?? [] };
    const again = { complexity: complexity.again[row] ?? [], quality: quality.again[row] ?? [] };
    const numbers = withoutReasons(first);
    const missing = [...first.complexity, ...first.quality].find(({ score }) => score === null);
    return {
      id,
      ...numbers,
      score: conversationScore(
        numbers.complexity.map((complexity, turn) => ({
          complexity,
          quality: numbers.quality[turn] ?? null,
        })),
      ),
      missing: missing && 'missing' in missing ? missing.missing : null,
      ...(again.complexity.length > 0 && { again: withoutReasons(again) }),
    };
  });
}

function withoutReasons(turns: Record<Aspect, TurnScore[]>): Record<Aspect, (number | null)[]> {
  const numbers = (of: TurnScore[]) => of.map(({ score }) => score);
  return { complexity: numbers(turns.complexity), quality: numbers(turns.quality) };
}

interface ReadOptions {
  at: RoundInput;
  recipe: StoredRecipe;
  rows: ConversationRow[];
  aspect: Aspect;
}

async function askedScores(
  runs: Pick<Runs, 'store'>,
  { at, recipe, rows, aspect }: ReadOptions,
): Promise<Scores> {
  const empty = (): TurnScore[][] => rows.map(() => []);
  const scores: Scores = { first: rows.map(({ turns }) => turns.map(() => failed)), again: empty() };
  const scorer = recipe.score?.scorer === 'logits' ? 'logits' : 'judge';
  for (const { plan, call } of await readCalls(runs, { ...at, phase: aspect })) {
    const { row, turn, isAgain } = plan.deita ?? {};
    const turns = (isAgain ? scores.again : scores.first)[row ?? -1];
    if (!turns || turn === undefined) throw new Error(`a planned call of ${aspect} without its turn`);
    const { text, firstToken } = call;
    // An answer without a number is one all the same, and its call has failed for that.
    const isAnswer = call.outcome === 'answered' || call.outcome === 'unparsable';
    const read =
      isAnswer && text !== null
        ? readScore({ text, scorer, ...(firstToken !== undefined && { firstToken }) })
        : failed;
    if (read.score !== null) turns[turn] = { score: read.score };
    else turns[turn] = { score: null, missing: 'reason' in read ? read.reason : read.missing };
  }
  return scores;
}

const failed: { score: null; missing: MissingScore } = { score: null, missing: 'call-failed' };

async function studentScores(runs: Pick<Runs, 'store'>, { at, rows, aspect }: ReadOptions): Promise<Scores> {
  const file = roundFiles(at.run.runId, at.round).scorerScores(aspect);
  // A cancelled run may end before the student was done.
  const said = new Map(
    (await readJsonlAt<PromptScores>(runs.store, file, { missing: 'empty' })).map((row) => [row.id, row]),
  );
  const first = rows.map(({ id, turns }) =>
    turns.map((_, turn): TurnScore => {
      const scores = said.get(id)?.scores;
      if (scores === undefined) return failed;
      const score = scores[turn] ?? null;
      return score === null ? { score, missing: 'too-little-mass' } : { score };
    }),
  );
  return { first, again: rows.map(() => []) };
}

/** Vectors of failed calls, and those of another length than the first ones, are rows of zeros: similar to nothing, and `selectRows` leaves such rows out. */
async function gatherVectors(runs: Runs, at: RoundInput, rows: number): Promise<void> {
  const answered = await readAnswered(runs, { ...at, phase: 'vectors' });
  let matrix: { columns: number; values: Float32Array } | null = null;
  for (const { plan, call } of answered) {
    const vectors = decodeVectors(call.text ?? '');
    const columns = vectors[0]?.length ?? 0;
    matrix ??= { columns, values: new Float32Array(rows * columns) };
    // An embedder that changed behind its name: what it gives now cannot be compared with the others.
    if (columns !== matrix.columns) continue;
    for (const [n, vector] of vectors.entries())
      matrix.values.set(vector, ((plan.deita?.row ?? 0) + n) * columns);
  }
  if (matrix === null) return;
  const { columns, values } = matrix;
  await runs.store.write(roundFiles(at.run.runId, at.round).vectors, writeNpy({ rows, columns, values }));
}
