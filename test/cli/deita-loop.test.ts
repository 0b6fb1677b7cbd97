import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ScoredRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { openStore } from '../../store/open-store.js';
import { scriptedEvolution } from '../scripted-evolution.js';
import { Project, smallRecipe } from './helpers.js';

const words = ['tea', 'bread', 'rain', 'stone', 'music', 'paper'];
const rows = words.map((word, n) => ({
  instruction: `Tell me ${n % 2 === 0 ? 'briefly' : 'with three examples and one exception'} what ${word} is.`,
  output: `${word} is something that one finds in many houses${n % 3 === 0 ? ', and outside of them' : ''}.`,
}));

describe('DEITA with the student as scorer and embedder', () => {
  let project: Project;

  before(async function () {
    // The first time, Python packages are installed.
    this.timeout(0);
    project = await Project.create({ teacher: { script: scriptedEvolution() } });
    await writeFile(project.file('rows.json'), JSON.stringify(rows));
  });
  after(() => project.stop());

  const finished = async (recipe: Record<string, unknown>): Promise<StatusReport> => {
    const whole = { teacher: { ...smallRecipe.teacher, form: 'chat' }, data: 'rows.json', ...recipe };
    await writeFile(project.file('recipe.yaml'), JSON.stringify(whole));
    const status = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.equal(status.state, 'finished');
    assert.deepEqual((await project.json<VerifyReport>(['verify', status.runId])).problems, []);
    return status;
  };

  it('trains a scorer on what was evolved, scores with it, embeds and selects, and asks nobody else', async function () {
    this.timeout(900_000);
    const { dataset } = await finished({
      name: 'evolve-complexity',
      method: 'evolve',
      evolve: {
        aspect: 'complexity',
        rounds: 1,
        trainScorer: { epochs: 1, batchSize: 4, heldOutShare: 0.2 },
      },
      student: { maxTokens: 128, loraRank: 4 },
    });
    const folder = path.join(dataset as string, 'scorer');
    const asked = project.teacher.requests.length;
    const { runId, selection } = await finished({
      name: 'closed',
      method: 'deita',
      score: { scorer: 'student', complexity: folder, quality: folder },
      select: { size: 4, by: 'diversity', tau: 'q0.9', maxTokens: 64 },
      student: { maxTokens: 128 },
    });
    assert.equal(project.teacher.requests.length, asked);
    assert.equal(selection?.selected, 4);
    const { store } = await openStore(project.storeDir);
    const scored = await readJsonlAt<ScoredRow>(store, roundFiles(runId, 1).scores);
    assert.equal(scored.length, rows.length);
    // A scorer of a few steps may not be sure enough of any digit; then that is its row's reason.
    for (const { score, missing } of scored) assert.equal(missing, score === null ? 'too-little-mass' : null);
  });
});
