import assert from 'node:assert/strict';
import { allTurns, firstTurn } from '../../methods/conversation-row.js';

const chat = (...said: [role: string, content: string][]) => ({
  messages: said.map(([role, content]) => ({ role, content })),
});
const turn = (instruction: string, response: string) => ({ instruction, response });

describe('the turns of a row', () => {
  it('are one of Alpaca, with its input behind the instruction', () => {
    assert.deepEqual(allTurns({ instruction: 'Sort.', input: 'b, a', output: 'a, b' }), [
      turn('Sort.\n\nb, a', 'a, b'),
    ]);
    assert.deepEqual(allTurns({ instruction: 'Why?', input: '', output: ' Because. ' }), [
      turn('Why?', 'Because.'),
    ]);
  });

  it("are those of ShareGPT and OpenAI alike, whatever the sides' names", () => {
    const conversations = [
      { from: 'human', value: 'a' },
      { from: 'gpt', value: 'b' },
      { from: 'user', value: 'c' },
      { from: 'chatgpt', value: 'd' },
    ];
    const turns = [turn('a', 'b'), turn('c', 'd')];
    assert.deepEqual(allTurns({ conversations }), turns);
    assert.deepEqual(
      allTurns(chat(['user', 'a'], ['assistant', 'b'], ['user', 'c'], ['assistant', 'd'])),
      turns,
    );
    assert.deepEqual(firstTurn({ conversations }), turns[0]);
  });

  it('have other roles, unasked answers and an unanswered question left out', () => {
    const row = chat(
      ['system', 'Be brief.'],
      ['assistant', 'Hello!'],
      ['user', 'a'],
      ['tool', '{}'],
      ['assistant', 'b'],
      ['user', 'and?'],
    );
    assert.deepEqual(allTurns(row), [turn('a', 'b')]);
  });

  it('have neighbouring messages of one side joined', () => {
    const row = chat(
      ['user', 'a'],
      ['user', 'b'],
      ['assistant', 'c'],
      ['assistant', 'd'],
      ['user', 'e'],
      ['assistant', 'f'],
    );
    assert.deepEqual(allTurns(row), [turn('a\n\nb', 'c\n\nd'), turn('e', 'f')]);
  });

  it('are none where a text is empty or the form another', () => {
    assert.deepEqual(allTurns(chat(['user', 'a'], ['assistant', ' '], ['user', 'b'], ['assistant', 'c'])), [
      turn('b', 'c'),
    ]);
    for (const row of [
      {},
      { instruction: 'a' },
      { instruction: 'a', output: 1 },
      { messages: 'a' },
      chat(['user', 'a']),
    ])
      assert.deepEqual(allTurns(row), []);
  });
});
