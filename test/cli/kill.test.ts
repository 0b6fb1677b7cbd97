import assert from 'node:assert/strict';
import { seededRandom } from '../../methods/random.js';
import type { Dataset } from './helpers.js';
import { pooled } from './helpers.js';
import { copyDatabase, type Kill, killedRun } from './killed-run.js';

/** At most this many runs at once: each waits most of its time for heartbeat timeouts. */
const runsAtOnce = 3;

/** In each of two rounds there are 4 calls for instructions and about 22 for answers. */
const random = seededRandom('kill points', 1);
const inFirstRound = () => 1 + random.int(4);
const inSecondRound = () => 5 + random.int(4);
const amongAnswers = () => 2 + random.int(15);

const histories: Record<string, Kill[]> = {
  'the command, while instructions are asked for': [
    { what: 'the command', when: { phase: 'instructions', nth: inFirstRound() } },
  ],
  'the server, while answers are asked for': [
    { what: 'the server', when: { phase: 'answers', nth: amongAnswers() } },
  ],
  'the worker, while instructions are asked for': [
    { what: 'the worker', when: { phase: 'instructions', nth: inSecondRound() } },
  ],
  'everything, while answers are asked for': [
    { what: 'everything', when: { phase: 'answers', nth: amongAnswers() } },
  ],
  'everything, in the first and the second round and while the dataset is written': [
    { what: 'everything', when: { phase: 'instructions', nth: inFirstRound() } },
    { what: 'everything', when: { phase: 'instructions', nth: inSecondRound() } },
    { what: 'everything', when: 'export' },
  ],
  'the worker, the server, the command, one after another': [
    { what: 'the worker', when: { phase: 'answers', nth: amongAnswers() } },
    { what: 'the server', when: { phase: 'instructions', nth: inSecondRound() } },
    { what: 'the command', when: { phase: 'answers', nth: 22 + amongAnswers() } },
  ],
  'everything, and the server’s database comes back older than the store': [
    {
      what: 'everything',
      when: { phase: 'instructions', nth: inFirstRound() },
      meanwhile: (project) => copyDatabase(project.stateDir, project.file('aside')),
    },
    {
      what: 'everything',
      when: { phase: 'instructions', nth: inSecondRound() },
      meanwhile: (project) => copyDatabase(project.file('aside'), project.stateDir),
    },
  ],
};

describe('a run that is killed', function () {
  this.timeout(300_000);
  let undisturbed: Promise<Dataset>;
  let disturbed: Promise<Dataset>[];

  before(() => {
    const [first, ...others] = pooled(
      runsAtOnce,
      [[], ...Object.values(histories)].map((kills) => () => killedRun(kills)),
    );
    undisturbed = first as Promise<Dataset>;
    disturbed = others;
  });

  it('is compared with one that was not', async () => {
    const { lineage } = await undisturbed;
    assert.equal(lineage.length, 40);
  });

  Object.keys(histories).forEach((what, index) => {
    it(`ends with the same bytes, paid once: ${what}`, async () => {
      assert.deepEqual(await disturbed[index], await undisturbed);
    });
  });
});
