import { runFiles } from '../../activities/run-files.js';
import type { Place, RunResult } from '../../activities/export-dataset.js';
import type { Progress } from '../../activities/types.js';
import { excerpt } from '../../methods/text.js';
import { readJsonIfAny } from '../../store/artifacts.js';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { type ExampleCall, type FoundExample, findExample, readCall } from '../example/find-example.js';
import { promptText, quoted, verdictInWords } from '../foreign-text.js';
import { readStatus } from '../status.js';
import { printJson } from '../terminal.js';

export interface ExampleOptions {
  run: string;
  /** An id, or the beginning of one. */
  example: string;
  /** Also prompts and answers. */
  calls: boolean;
}

/** `seedmill show`: one example with where it comes from and what became of it. Returns the exit code. */
export async function example(context: Context, options: ExampleOptions): Promise<number> {
  const { run: runId, example: wanted } = options;
  const store = await findStore(context.storeUrl);
  await readStatus(store, runId);
  const result = await readJsonIfAny<RunResult>(store, runFiles(runId).result);
  const progress = await readJsonIfAny<Progress>(store, runFiles(runId).progress);
  const rounds = result?.rounds ?? progress?.round ?? 0;
  const found = await findExample(store, { runId, rounds, wanted });
  const calls = await Promise.all(
    found.calls.map(async (call) => ({
      call,
      stored: options.calls ? await readCall(store, call) : undefined,
    })),
  );
  if (context.json) {
    const whole = calls.map(({ call, stored }) => ({
      ...call,
      ...(stored && { prompt: stored.request.body, text: stored.answer.text }),
    }));
    printJson({ ...found, calls: whole });
    return 0;
  }
  for (const line of exampleLines(found)) context.say(line);
  for (const [n, { call, stored }] of calls.entries()) {
    context.say(callLine(n + 1, call));
    if (!stored) continue;
    for (const line of quoted('asked', promptText(stored.request.body))) context.say(line);
    for (const line of quoted('answered', stored.answer.text)) context.say(line);
  }
  return 0;
}

/** What is known of it, but for its calls. Texts are a teacher's: without escapes and control characters. */
function exampleLines(found: FoundExample): string[] {
  const { id, round, turns, verdict, nearest, mix, place, scored, selection, seeds, review, provenance } =
    found;
  return [
    `example ${id}, round ${round}`,
    ...(place ? [`place: ${placeInWords(place)}`] : []),
    ...(verdict ? [`verdict: ${verdictInWords(verdict)}`] : []),
    ...(nearest
      ? [
          'atMost' in nearest
            ? `nearest: nothing above ${nearest.atMost}`
            : `nearest: ${nearest.similarity.toFixed(4)} to ${excerpt(nearest.id)}`,
        ]
      : []),
    ...(mix ? [`skills: ${excerpt(mix.skills.join(', '), 300)}; query type: ${excerpt(mix.queryType)}`] : []),
    ...(scored
      ? [
          `complexity ${numbers(scored.complexity)} · quality ${numbers(scored.quality)} · score ${numbers([scored.score])}${scored.missing ? ` (${scored.missing})` : ''}`,
        ]
      : []),
    ...(selection ? [`selection: ${selectionInWords(selection)}`] : []),
    ...(provenance?.source ? [`source: ${excerpt(provenance.source, 200)}`] : []),
    ...(provenance?.licence ? [`licence: ${excerpt(provenance.licence, 200)}`] : []),
    ...seeds.map(({ id, origin, instruction, source, licence }) =>
      [`seed ${excerpt(id)} (${origin}): ${excerpt(instruction, 100)}`, source, licence]
        .filter(Boolean)
        .map((part) => excerpt(part as string, 200))
        .join(' · '),
    ),
    ...turns.flatMap(({ instruction, response }) => [
      ...quoted('instruction', instruction),
      ...quoted('response', response),
    ]),
    ...(review ? reviewLines(review) : []),
  ];
}

function placeInWords(place: Place): string {
  switch (place.status) {
    case 'batched':
      return `in the dataset, round ${place.round}, batch ${excerpt(place.batch)}`;
    case 'waiting':
      return 'in the dataset, in no batch';
    case 'surplus':
      return 'in the surplus: accepted beyond the target';
    case 'not-selected':
      return 'in the surplus: not selected';
  }
}

/** What a person said of it, and the text that was there before. */
function reviewLines({ by, verdict, note, original }: NonNullable<FoundExample['review']>): string[] {
  const words = { approve: 'approved', reject: 'rejected', edit: 'edited' }[verdict];
  return [
    `review: ${words} by ${excerpt(by)}${note === undefined ? '' : `: ${excerpt(note, 300)}`}`,
    ...(original ? quoted('instruction before', original.instruction) : []),
    ...(original && original.input !== '' ? quoted('input before', original.input) : []),
    ...(original ? quoted('response before', original.output) : []),
  ];
}

function selectionInWords({ verdict, rank, nearest }: NonNullable<FoundExample['selection']>): string {
  if (rank !== null) return `${verdict}, number ${rank}`;
  return nearest ? `${verdict}: ${nearest.cosine.toFixed(4)} to ${excerpt(nearest.id)}` : verdict;
}

function numbers(values: readonly (number | null)[]): string {
  return values.map((value) => value?.toFixed(2) ?? '–').join(', ');
}

function callLine(n: number, call: ExampleCall): string {
  const { round, phase, callIndex, teacher, model, promptTokens, completionTokens, costUsd, answer } = call;
  const cost = costUsd === null ? 'unknown cost' : `$${costUsd.toFixed(6)}`;
  const place = callIndex < 0 ? phase : `${phase} call ${callIndex}`;
  return `${n}. round ${round} · ${place} · ${excerpt(teacher)} ${excerpt(model)} · ${promptTokens} + ${completionTokens} tokens · ${cost} · ${answer ?? 'no answer'}`;
}
