import type { z } from 'zod';
import type { ReviewDecision, ReviewVerdict } from '../../activities/review-messages.js';
import { firstProblem, type VerdictCheck } from '../../activities/review/review-rules.js';
import { verdictSchema } from '../../activities/review/verdict-schema.js';
import { excerpt } from '../../methods/text.js';
import { UserError } from '../../store/errors.js';
import { formatOf, parseRow, placeOf, readRows } from '../read-rows.js';

/**
 * The verdicts of a file of JSON Lines (or a JSON array), each checked as the run will check it.
 * @throws UserError with file and line of the first that cannot be taken.
 */
export async function readVerdictsFile(
  file: string,
  options: { check: VerdictCheck; decision: ReviewDecision['decision'] },
): Promise<ReviewVerdict[]> {
  const verdicts: ReviewVerdict[] = [];
  const places: string[] = [];
  for await (const rows of readRows({ file, format: await formatOf(file), blockSize: 1_000 })) {
    for (const row of rows) {
      const place = placeOf(file, row);
      const parsed = verdictSchema.safeParse(parseRow(file, row));
      if (!parsed.success) throw new UserError(`${place}: ${whatIsWrong(parsed.error)}`);
      verdicts.push(parsed.data);
      places.push(place);
    }
  }
  const wrong = firstProblem(verdicts, options);
  if (wrong !== null) throw new UserError(`${places[wrong.place]}: ${excerpt(wrong.problem, 300)}`);
  return verdicts;
}

function whatIsWrong({ issues }: z.ZodError): string {
  const [issue] = issues;
  const key = issue?.path.join('.') ?? '';
  return excerpt(`${key === '' ? '' : `${key}: `}${issue?.message ?? 'no verdict'}`, 300);
}
