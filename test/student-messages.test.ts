import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { heldOutRow, trainRoundResult } from '../activities/student-messages.js';
import { studentSchema, studentSchemaFile } from '../activities/student-schema.js';
import type { HeldOutRow } from '../activities/types.js';

describe('messages of the student', () => {
  it('have the JSON Schema that the Python side is held to', () => {
    const stale = 'models/student/messages.schema.json is stale: run npx tsx activities/student-schema.ts';
    assert.equal(readFileSync(studentSchemaFile, 'utf8'), studentSchema(), stale);
  });

  it('let neither NaN nor Infinity across', () => {
    const ref = { uri: 'run/rounds/001/signal.jsonl', sha256: 'ab', count: 1 };
    const loss = { before: 2.5, after: 2.4, rows: 3 };
    const rest = { signal: ref, checkpoint: null, adapter: null, reporting: loss, device: 'cpu', seconds: 1 };
    assert.ok(trainRoundResult.safeParse({ ...rest, steering: loss }).success);
    for (const after of [Number.NaN, Number.POSITIVE_INFINITY, null]) {
      assert.ok(!trainRoundResult.safeParse({ ...rest, steering: { ...loss, after } }).success);
    }
  });

  it('agree with the held-out row that every folder shares', () => {
    const shared: HeldOutRow = { id: 'h1', half: 'steering', instruction: 'a', input: '', output: 'b' };
    const row: z.infer<typeof heldOutRow> = shared;
    assert.deepEqual(heldOutRow.parse(row) satisfies HeldOutRow, shared);
  });
});
