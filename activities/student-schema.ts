/**
 * The JSON Schema of the student's messages, generated from `student-messages.ts` for the Python side.
 *
 *     npx tsx activities/student-schema.ts      # writes models/student/messages.schema.json
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import * as messages from './student-messages.js';

/** `models/student/messages.schema.json`, as text: one schema per message that either side writes. */
export function studentSchema(): string {
  const schemas = Object.entries(messages).map(([name, schema]) => [name, z.toJSONSchema(schema)]);
  return `${JSON.stringify(Object.fromEntries(schemas), null, 2)}\n`;
}

/** Where the Python side reads it. */
export const studentSchemaFile = fileURLToPath(
  new URL('../models/student/messages.schema.json', import.meta.url),
);

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(studentSchemaFile, studentSchema());
