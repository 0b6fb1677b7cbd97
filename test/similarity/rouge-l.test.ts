import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rougeL } from '../../similarity/rouge-l.js';
import { RougeLPool } from '../../similarity/rouge-l-pool.js';
import { rougeTokens } from '../../similarity/tokenise.js';

interface Row {
  candidate: string;
  target: string;
  precision: number;
  recall: number;
  fMeasure: number;
  tokens: number;
}

/** Made by make_rouge_score_fixture.py with rouge_score 0.1.2. */
const rows = JSON.parse(
  readFileSync(new URL('./rouge-score-fixture.json', import.meta.url), 'utf8'),
) as Row[];

describe('rougeL', () => {
  it('gives every bit of rouge_score, also at exactly 0.7, for Unicode and for empty texts', () => {
    for (const { candidate, target, precision, recall, fMeasure } of rows) {
      const mine = rougeL(rougeTokens(candidate), rougeTokens(target));
      assert.deepEqual(mine, { precision, recall, fMeasure }, JSON.stringify([candidate, target]));
    }
  });

  it('is tested on pairs whose mathematical value is 0.7 on both sides of the threshold', () => {
    const boundary = rows.filter((row) => Math.abs(row.fMeasure - 0.7) < 1e-12);
    assert.ok(boundary.some((row) => row.fMeasure > 0.7));
    assert.ok(boundary.some((row) => row.fMeasure <= 0.7));
  });
});

describe('RougeLPool beside rouge_score', () => {
  it('records the same similarity for every pair that has tokens', () => {
    for (const { candidate, target, fMeasure, tokens } of rows) {
      if (tokens === 0) continue;
      const pool = new RougeLPool({ tokenisation: 'rouge' });
      pool.add('target', target);
      assert.equal(pool.nearest(candidate)?.similarity, fMeasure, JSON.stringify([candidate, target]));
    }
  });

  it('says the same of both orders of a pair', () => {
    for (const { candidate, target, fMeasure, tokens } of rows) {
      if (tokens === 0) continue;
      const pool = new RougeLPool({ tokenisation: 'rouge' });
      pool.add('candidate', candidate);
      assert.equal(pool.nearest(target)?.similarity, fMeasure);
    }
  });
});
