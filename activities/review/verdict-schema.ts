import { z } from 'zod';
import { cleanText } from '../../methods/text.js';
import type { ReviewVerdict } from '../review-messages.js';

const text = z.string().transform(cleanText);

/** One line of a reviewer's verdicts. Texts lose terminal escapes and control characters, as a teacher's do. */
export const verdictSchema: z.ZodType<ReviewVerdict> = z
  .strictObject({
    id: z.string().min(1),
    verdict: z.enum(['approve', 'reject', 'edit']),
    note: text.optional(),
    instruction: text.optional(),
    input: text.optional(),
    output: text.optional(),
  })
  .transform(({ id, verdict, ...texts }) => ({
    id,
    verdict,
    ...(Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)) as Partial<
      Record<keyof typeof texts, string>
    >),
  }));
