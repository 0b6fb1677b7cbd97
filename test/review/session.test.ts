import assert from 'node:assert/strict';
import type { ExampleText } from '../../activities/review/apply-review.js';
import { type Choice, type Desk, reviewSession } from '../../client/review/session.js';
import { UserError } from '../../store/errors.js';
import { assertInertInTerminal, hostileText } from '../hostile.js';
import { reviewCandidate } from './candidates.js';

const wait = {
  round: 1,
  accepted: 50,
  sampled: 3,
  since: '2026-11-22T10:00:00.000Z',
  unusable: 0,
  problem: null,
  until: null,
  onTimeout: 'pause' as const,
};

/** A person who says this, one answer after another; a text for the editor is an object, a failing editor an error. */
class ScriptedDesk implements Desk {
  readonly said: string[] = [];
  private readonly answers: (string | Partial<ExampleText> | Error)[];

  constructor(answers: (string | Partial<ExampleText> | Error)[]) {
    this.answers = answers;
  }

  say(line: string): void {
    this.said.push(line);
  }

  async choose<Answer extends string>(question: string, answers: readonly Choice<Answer>[]): Promise<Answer> {
    this.said.push(question);
    const next = this.next();
    const choice = answers.find(({ value }) => value === next);
    assert.ok(choice, `"${String(next)}" is none of ${answers.map(({ value }) => value).join(', ')}`);
    return choice.value;
  }

  async ask(): Promise<string> {
    return String(this.next());
  }

  async edit(text: ExampleText): Promise<ExampleText> {
    const next = this.next();
    if (next instanceof Error) throw next;
    assert.ok(typeof next === 'object');
    return { ...text, ...next };
  }

  private next() {
    const next = this.answers.shift();
    assert.ok(next !== undefined, 'another question than expected');
    return next;
  }
}

describe('a reviewer at a terminal', () => {
  const sample = ['one', 'two', 'three'].map((id) => reviewCandidate(id));
  const check = ({ output }: { output?: string }) => (output === '' ? 'empty-output' : null);
  const session = (desk: Desk, rows = sample) => reviewSession(desk, { wait, sample: rows, check });

  it('approves, rejects with a reason and edits, then approves the round', async () => {
    const desk = new ScriptedDesk(['approve', 'reject', 'not true', 'edit', { output: 'So.' }, 'approve']);
    const { instruction, input } = sample[2] as ExampleText;
    assert.deepEqual(await session(desk), {
      decision: 'approve',
      note: null,
      verdicts: [
        { id: 'one', verdict: 'approve' },
        { id: 'two', verdict: 'reject', note: 'not true' },
        { id: 'three', verdict: 'edit', instruction, input, output: 'So.' },
      ],
    });
    assert.ok(desk.said.at(-1)?.includes('1 of the 3 shown approved, 1 rejected, 1 edited'));
  });

  it('goes back, skips, and decides before the last example', async () => {
    const desk = new ScriptedDesk(['reject', '', 'back', 'approve', 'skip', 'decide', 'approve']);
    assert.deepEqual((await session(desk))?.verdicts, [{ id: 'one', verdict: 'approve' }]);
  });

  it('rejects the whole round with the reasons that single examples have', async () => {
    const desk = new ScriptedDesk(['reject', 'rude', 'approve', 'decide', 'reject', 'off topic']);
    const verdicts = [{ id: 'one', verdict: 'reject', note: 'rude' }];
    assert.deepEqual(await session(desk), { decision: 'reject', note: 'off topic', verdicts });
  });

  it('leaves without deciding', async () => {
    assert.equal(await session(new ScriptedDesk(['reject', '', 'decide', 'leave'])), null);
  });

  it('is told why an edit cannot be taken, and sees the example again', async () => {
    const desk = new ScriptedDesk([
      'edit',
      { output: '' },
      'edit',
      new UserError('the editor "vi" ended with 1'),
      'approve',
      'decide',
      'approve',
    ]);
    assert.deepEqual((await session(desk))?.verdicts, [{ id: 'one', verdict: 'approve' }]);
    assert.ok(desk.said.includes('! empty-output') && desk.said.includes('! the editor "vi" ended with 1'));
  });

  it('goes on with what was edited before', async () => {
    const desk = new ScriptedDesk([
      'edit',
      { output: 'So.' },
      'back',
      'edit',
      { input: 'this' },
      'decide',
      'approve',
    ]);
    const [verdict] = (await session(desk))?.verdicts ?? [];
    assert.deepEqual([verdict?.input, verdict?.output], ['this', 'So.']);
  });

  it('sees nothing that a terminal would act on', async () => {
    const text = hostileText('a');
    const row = {
      ...reviewCandidate('one'),
      ...{ instruction: text, input: text, output: text },
      mix: { skills: [text], queryType: text, shirker: null, score: null },
    };
    const desk = new ScriptedDesk(['reject', text, 'leave']);
    await session(desk, [row]);
    assertInertInTerminal(desk.said.join('\n'), 'review');
    assert.ok(desk.said.filter((line) => line.includes('hostile')).length > 3);
  });
});
