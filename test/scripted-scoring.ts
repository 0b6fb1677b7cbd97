/** The student's embedding and scoring, made from the texts alone. */
import type {
  ConversationRow,
  EmbedRowsInput,
  EmbedRowsResult,
  PromptRow,
  PromptScores,
  ScoreRowsInput,
  ScoreRowsResult,
} from '../activities/student-messages.js';
import { writeNpy } from '../similarity/npy.js';
import { readJsonl, refTo, writeJsonl } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import { digitOf } from './scripted-deita.js';
import { spellingVector } from './scripted-vectors.js';

/** Vectors of what was said, by its spelling. */
export async function embedRows(store: Store, { rows, out }: EmbedRowsInput): Promise<EmbedRowsResult> {
  const said = (await readJsonl<ConversationRow>(store, rows)).map(({ turns }) =>
    spellingVector(turns.map(({ instruction, response }) => `${instruction} ${response}`).join(' ')),
  );
  const columns = said[0]?.length ?? 1;
  await store.write(out, writeNpy({ rows: said.length, columns, values: Float32Array.from(said.flat()) }));
  const vectors = { ...(await refTo(store, out)), count: said.length };
  return { vectors, dims: columns, truncated: 0, device: 'cpu', seconds: 0 };
}

/** The digit of each prompt; none for one with `vague` in it. */
export async function scoreRows(store: Store, { rows, out }: ScoreRowsInput): Promise<ScoreRowsResult> {
  const asked = await readJsonl<PromptRow>(store, rows);
  const said = asked.map(({ id, prompts }): PromptScores => {
    const scores = prompts.map((prompt) => (prompt.includes('vague') ? null : digitOf(prompt)));
    return { id, scores, masses: scores.map((score) => (score === null ? 0.5 : 1)) };
  });
  const missing = said.flatMap(({ scores }) => scores).filter((score) => score === null).length;
  return { scores: await writeJsonl(store, out, said), missing, tooLong: 0, device: 'cpu', seconds: 0 };
}
