/** A person goes through a round's sample, then decides on the round. */
import type { ReviewVerdict } from '../../activities/review-messages.js';
import type { ExampleText } from '../../activities/review/apply-review.js';
import type { SampleRow } from '../../activities/review/review-round.js';
import { cleanText, excerpt } from '../../methods/text.js';
import { UserError } from '../../store/errors.js';
import { quoted } from '../foreign-text.js';
import type { RoundToReview } from './round-to-review.js';

/** How a session speaks with a person. */
export interface Desk {
  say(line: string): void;
  /** One of the answers. */
  choose<Answer extends string>(question: string, answers: readonly Choice<Answer>[]): Promise<Answer>;
  /** Words; '' for none. */
  ask(question: string): Promise<string>;
  /** The text as the person has changed it. Throws `UserError` when it cannot be read. */
  edit(text: ExampleText): Promise<ExampleText>;
}

export interface Choice<Answer> {
  value: Answer;
  name: string;
}

/** What a person has decided on a round. */
export interface SessionResult {
  decision: 'approve' | 'reject';
  note: string | null;
  verdicts: ReviewVerdict[];
}

type Verdicts = Map<string, ReviewVerdict>;

/** null: the person has left without deciding. */
export async function reviewSession(
  desk: Desk,
  { wait, sample, check }: RoundToReview,
): Promise<SessionResult | null> {
  const verdicts: Verdicts = new Map();
  for (let place = 0; ; ) {
    const row = sample[place];
    if (row !== undefined) {
      place += await lookAt(desk, { row, place, of: sample.length, verdicts, check });
      continue;
    }
    const counts = countsInWords(sample, verdicts);
    const answer = await desk.choose(`Round ${wait.round}, ${wait.accepted} accepted examples: ${counts}`, [
      { value: 'approve', name: `approve the round: all others are accepted as they are` },
      { value: 'back', name: 'back to the examples' },
      { value: 'reject', name: `reject the whole round` },
      { value: 'leave', name: 'leave without deciding: nothing of this is kept' },
    ]);
    if (answer === 'leave') return null;
    if (answer === 'back') {
      place = 0;
      continue;
    }
    const given = sample.flatMap(({ id }) => verdicts.get(id) ?? []);
    if (answer === 'approve') return { decision: 'approve', note: null, verdicts: given };
    const note = (await desk.ask('Why? (one line, may be empty)')).trim();
    const rejected = given.filter(({ verdict }) => verdict === 'reject');
    return { decision: 'reject', note: note === '' ? null : cleanText(note), verdicts: rejected };
  }
}

/** How many places the person goes on, or back. */
async function lookAt(
  desk: Desk,
  options: Pick<RoundToReview, 'check'> & { row: SampleRow; place: number; of: number; verdicts: Verdicts },
): Promise<number> {
  const { row, place, of, verdicts, check } = options;
  const { id } = row;
  const before = verdicts.get(id);
  for (const line of exampleLines({ ...row, ...textOf(before) }, { place, of, before })) desk.say(line);
  const answer = await desk.choose('This example', [
    { value: 'approve', name: 'approve' },
    { value: 'reject', name: 'reject, with a reason' },
    { value: 'edit', name: 'edit' },
    { value: 'skip', name: before ? 'leave as it is now' : 'skip' },
    ...(place > 0 ? [{ value: 'back' as const, name: 'back' }] : []),
    { value: 'decide', name: 'decide on the round' },
  ]);
  switch (answer) {
    case 'approve':
      verdicts.set(id, { id, verdict: 'approve' });
      return 1;
    case 'reject': {
      const note = cleanText(await desk.ask('Why? (one line, may be empty)')).trim();
      verdicts.set(id, { id, verdict: 'reject', ...(note !== '' && { note }) });
      return 1;
    }
    case 'edit': {
      const verdict = await edit(desk, { row, before, check });
      if (verdict === null) return 0;
      verdicts.set(id, verdict);
      return 1;
    }
    case 'back':
      return -1;
    case 'decide':
      return of - place;
    case 'skip':
      return 1;
  }
}

/** null: nothing came of it, and the person has been told why. */
async function edit(
  desk: Desk,
  {
    row,
    before,
    check,
  }: Pick<RoundToReview, 'check'> & { row: SampleRow; before: ReviewVerdict | undefined },
): Promise<ReviewVerdict | null> {
  const { instruction, input, output } = { ...row, ...textOf(before) };
  try {
    const text = await desk.edit({ instruction, input, output });
    const verdict: ReviewVerdict = { id: row.id, verdict: 'edit', ...text };
    const problem = check(verdict, 'approve');
    if (problem === null) return verdict;
    desk.say(`! ${excerpt(problem, 300)}`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    desk.say(`! ${error.message}`);
  }
  return null;
}

function textOf(verdict: ReviewVerdict | undefined): Partial<ExampleText> {
  const { instruction, input, output } = verdict ?? {};
  return {
    ...(instruction !== undefined && { instruction }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
  };
}

/** What a reviewer sees of an example. Texts are a teacher's: without escapes and control characters. */
function exampleLines(
  { id, instruction, input, output, mix }: SampleRow,
  { place, of, before }: { place: number; of: number; before: ReviewVerdict | undefined },
): string[] {
  return [
    '',
    `example ${place + 1} of ${of} · ${id}${before ? ` · so far: ${before.verdict}` : ''}`,
    ...(mix ? [`skills: ${excerpt(mix.skills.join(', '), 300)}; query type: ${excerpt(mix.queryType)}`] : []),
    ...quoted('instruction', instruction),
    ...(input === '' ? [] : quoted('input', input)),
    ...quoted('output', output),
  ];
}

function countsInWords(sample: readonly SampleRow[], verdicts: Verdicts): string {
  const count = (wanted: ReviewVerdict['verdict']) =>
    [...verdicts.values()].filter(({ verdict }) => verdict === wanted).length;
  return `${count('approve')} of the ${sample.length} shown approved, ${count('reject')} rejected, ${count('edit')} edited`;
}
