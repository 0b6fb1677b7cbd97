import assert from 'node:assert/strict';
import { roundFiles } from '../../activities/run-files.js';
import { recipeInForce, recipeOfRound } from '../../activities/thresholds.js';
import { writeJsonl } from '../../store/artifacts.js';
import { temporaryFolder } from '../temporary-folder.js';
import { storedRecipe, type StoredRun, storedRun } from './stored-run.js';

const recipe = storedRecipe();
const strict = { 'filter.poolThreshold': 0.3 };
const lax = { 'filter.poolThreshold': 0.9 };

describe('the thresholds of a round', () => {
  const folder = temporaryFolder();
  let stored: StoredRun;

  beforeEach(async () => {
    stored = await storedRun({ folder: folder(), recipe });
  });

  const inForce = async (round: number, thresholds?: object) =>
    (await recipeInForce(stored.runs, { run: stored.run, round, recipe, thresholds, step: 'screened' }))
      .filter.poolThreshold;

  it('are the recipe’s where nobody has changed them', async () => {
    assert.equal(await inForce(1), 0.7);
  });

  it('stay what they were when the round is screened again', async () => {
    assert.equal(await inForce(2, strict), 0.3);
    assert.equal(await inForce(2, lax), 0.3);
    assert.equal(await inForce(2), 0.3);
    const { runId } = stored.run;
    assert.equal((await recipeOfRound(stored.runs, { recipe, runId, round: 2 })).filter.poolThreshold, 0.3);
  });

  it('stay the recipe’s in a round that was screened by them, when the run begins again', async () => {
    await writeJsonl(stored.store, roundFiles(stored.run.runId, 3).screened, []);
    assert.equal(await inForce(3, strict), 0.7);
    assert.equal(await inForce(4, strict), 0.3);
  });
});
