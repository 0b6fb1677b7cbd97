import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../../methods/random.js';
import { drawInstructions, drawTasks } from '../../../methods/self-instruct/in-context.js';
import { humanSeed, machineSeed, times } from '../seeds.js';

const human = times(20, (i) => humanSeed(`h${i}`));
const machine = times(10, (i) => machineSeed(`m${i}`, 'h0'));
const countOf = (seeds: { origin: string }[], origin: string) =>
  seeds.filter((seed) => seed.origin === origin).length;

describe('drawInstructions', () => {
  it('draws 6 human and 2 machine-made ones, in mixed order', () => {
    const places = new Set<number>();
    for (let call = 0; call < 40; call++) {
      const drawn = drawInstructions({ human, machine, random: seededRandom(1, call) });
      assert.deepEqual([countOf(drawn, 'human'), countOf(drawn, 'machine')], [6, 2]);
      places.add(drawn.findIndex((seed) => seed.origin === 'machine'));
    }
    assert.ok(places.size > 3, 'machine-made ones stand at different places');
  });

  it('fills up to 8 with human ones while there are too few machine-made', () => {
    for (const few of [0, 1]) {
      const drawn = drawInstructions({ human, machine: machine.slice(0, few), random: seededRandom(1) });
      assert.deepEqual([countOf(drawn, 'human'), countOf(drawn, 'machine')], [8 - few, few]);
    }
  });

  it('keeps at least half human and never shows a seed twice, however few there are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer(),
        (h, m, seed) => {
          const drawn = drawInstructions({
            human: human.slice(0, h),
            machine: machine.slice(0, m),
            random: seededRandom(seed),
          });
          assert.ok(countOf(drawn, 'human') * 2 >= drawn.length);
          assert.equal(new Set(drawn.map(({ id }) => id)).size, drawn.length);
        },
      ),
    );
  });

  it('refuses to prompt without a human seed', () => {
    assert.throws(() => drawInstructions({ human: [], machine, random: seededRandom(1) }), /human seed/);
  });
});

describe('drawTasks', () => {
  it('draws Alpaca’s 3 human tasks when there is no refined seed', () => {
    const drawn = drawTasks({ human, machine: [], random: seededRandom(1) });
    assert.deepEqual([countOf(drawn, 'human'), countOf(drawn, 'machine')], [3, 0]);
  });

  it('lets at most 2 refined seeds join the 3 human ones', () => {
    const drawn = drawTasks({ human, machine, random: seededRandom(1) });
    assert.deepEqual([countOf(drawn, 'human'), countOf(drawn, 'machine')], [3, 2]);
  });

  it('shows only tasks that have an output', () => {
    const without = humanSeed('bare', 'Bare task.', { instances: [] });
    assert.deepEqual(
      drawTasks({ human: [without, human[0] as never], machine: [], random: seededRandom(1) }).map(
        ({ id }) => id,
      ),
      ['h0'],
    );
    assert.throws(() => drawTasks({ human: [without], machine: [], random: seededRandom(1) }), /human seed/);
  });
});
