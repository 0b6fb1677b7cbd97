import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePair } from '../../../methods/skillmix/parse.js';

const pair = {
  instruction: 'How do I tie a bowline?',
  response: 'Make a loop.\n\nThen pass the end through.',
};
const { instruction, response } = pair;

describe('parsePair', () => {
  for (const [what, text] of [
    ['the form that was asked for', `### Instruction:\n${instruction}\n### Response:\n${response}\n`],
    ['JSON in the middle of talk', `Here it is:\n\n${JSON.stringify({ instruction, response })}\n\nEnjoy!`],
    ['JSON in a list', `[${JSON.stringify({ instruction, response })}]`],
    ['JSON with further keys', JSON.stringify({ skills: ['knots'], instruction, response })],
    ['marks and text on one line', `### Instruction: ${instruction}\n\n### Response: ${response}`],
    [
      'talk before it',
      `Sure! Here is the refined version:\n\n### Instruction: ${instruction}\n### Response: ${response}`,
    ],
    ['refined marks', `### Refined Instruction:\n${instruction}\n\n### Refined Response:\n${response}`],
    ['bold marks', `**Instruction:** ${instruction}\n\n**Response:** ${response}`],
    ['bold marks with the colon outside', `**Instruction**: ${instruction}\n**Response**:\n${response}`],
    [
      'bold headings',
      `### **Revised Instruction:**\n${instruction}\n\n### **Revised Response:**\n${response}`,
    ],
    ['plain marks in any case', `INSTRUCTION: ${instruction}\nresponse: ${response}`],
    ['a query', `### Query: ${instruction}\n### Response: ${response}`],
    ['a question and its answer', `**Question:** ${instruction}\n**Answer:** ${response}`],
    ['headings of other levels, without colons', `# Instruction\n${instruction}\n## Response\n${response}`],
    ['numbers', `1. **Instruction:** ${instruction}\n\n2. **Response:** ${response}`],
    ['numbers after the word', `### Instruction 1:\n${instruction}\n### Response 1:\n${response}`],
    [
      'remarks in the marks',
      `### Instruction (refined):\n${instruction}\n### Response (refined):\n${response}`,
    ],
    [
      'the whole draft form',
      `### Task type: Planning\n### Skills: knots\n### Instruction: ${instruction}\n### Response: ${response}`,
    ],
    ['horizontal rules', `### Instruction:\n${instruction}\n\n---\n\n### Response:\n${response}\n\n---`],
    [
      'quotation marks around the instruction',
      `### Instruction: "${instruction}"\n### Response: ${response}`,
    ],
    [
      'a mark said twice',
      `### Instruction:\nInstruction: ${instruction}\n### Response:\n### Response: ${response}`,
    ],
    ['lost line ends', `### Instruction: ${instruction} ### Response: ${response}`],
    [
      'a code fence around all of it',
      `\`\`\`markdown\n### Instruction: ${instruction}\n### Response: ${response}\n\`\`\``,
    ],
    [
      'a model that runs on',
      `### Instruction: ${instruction}\n### Response: ${response}\n\nExample 5\n### Task type: Riddle\n### Instruction: x`,
    ],
    [
      'a first version before the refined one',
      `### Instruction: a\n### Response: b\n\n### Refined Instruction: ${instruction}\n### Refined Response: ${response}`,
    ],
    ['JSON', JSON.stringify(pair)],
    ['JSON in a fence', `\`\`\`json\n${JSON.stringify(pair, null, 2)}\n\`\`\``],
    ['a query in JSON', JSON.stringify({ query: instruction, response })],
    [
      'carriage returns and escapes',
      `### Instruction:\r\n\u001b[1m${instruction}\r\n### Response:\r\n${response.replaceAll('\n', '\r\n')}`,
    ],
  ] as const) {
    it(`reads ${what}`, () => {
      assert.deepEqual(parsePair(text), pair);
    });
  }

  it('takes a text without marks as a response alone', () => {
    assert.deepEqual(parsePair(` ${response}\n`), { instruction: null, response });
  });

  it('reads one part without the other', () => {
    assert.deepEqual(parsePair(`### Instruction: ${instruction}`), { instruction, response: null });
    assert.deepEqual(parsePair(`Here it is:\n\n### Response:\n${response}`), { instruction: null, response });
    assert.deepEqual(parsePair(`**Refined Response:** ${response}`), { instruction: null, response });
    assert.deepEqual(parsePair(`**Answer:** ${response}`), { instruction: null, response });
  });

  it('reads JSON that was cut off, and without one part', () => {
    assert.deepEqual(parsePair('{"instruction": "Why?", "response": "Since it was c'), {
      instruction: 'Why?',
      response: 'Since it was c',
    });
    assert.deepEqual(parsePair('{"response": "Yes."}'), { instruction: null, response: 'Yes.' });
    assert.deepEqual(parsePair('{"instruction": "", "response": "Yes."}'), {
      instruction: null,
      response: 'Yes.',
    });
  });

  it('takes other JSON as a response', () => {
    for (const text of ['{"response": 200}', '{"response": "OK", "status": 200}', '{"a": 1}']) {
      assert.deepEqual(parsePair(text), { instruction: null, response: text });
    }
  });

  it('takes an empty part as none', () => {
    assert.deepEqual(parsePair('### Instruction:\n### Response: Yes.'), {
      instruction: null,
      response: 'Yes.',
    });
    assert.deepEqual(parsePair('### Instruction: Why?\n### Response:\n---\n'), {
      instruction: 'Why?',
      response: null,
    });
    assert.deepEqual(parsePair(' \n'), { instruction: null, response: null });
    assert.deepEqual(parsePair('{"instruction": "…", "response": "…"}'), {
      instruction: null,
      response: null,
    });
    assert.equal(parsePair('### Response: 👍').response, '👍');
  });

  it('is not cut off by a mark inside the response', () => {
    const inner = 'Send this:\n\nResponse: We are sorry.\n**Response:** none\n### Response: none';
    assert.equal(parsePair(`### Instruction: Why?\n### Response: ${inner}`).response, inner);
  });

  it('is not cut off by another kind of mark in a quoted piece of the instruction', () => {
    const quoting = 'Which is ruder?\n\n> Response: No.\n\nResponse: Never.\n**Answer:** Go.';
    assert.deepEqual(parsePair(`### Instruction: ${quoting}\n### Response: The last.`), {
      instruction: quoting,
      response: 'The last.',
    });
  });

  it('keeps all of a bare response that has headings like marks', () => {
    for (const heading of [
      '**Instructions:**',
      '**Query:**',
      '## Response to the board',
      'Question:',
      'In response:',
    ]) {
      const text = `Start like this.\n\n${heading}\n1. Preheat the oven.`;
      assert.deepEqual(parsePair(text), { instruction: null, response: text });
    }
    for (const text of [
      'Frequent questions\n\n**Question:** Why?\n**Answer:** So.\n\n**Question:** How?\n**Answer:** Like this.',
      `${'A long introduction. '.repeat(11)}\n\nQuery: SELECT 1\nResponse: 1 row`,
      `### Preparation\n${'Train. '.repeat(30)}\n### Response\nCall for help.\n### Recovery\nClean up.`,
    ]) {
      assert.deepEqual(parsePair(text), { instruction: null, response: text });
    }
    const numbered = 'Two ways.\n\nExample 1\nA loop.\n\nExample 2\nA hitch.';
    assert.equal(parsePair(`### Response: ${numbered}`).response, numbered);
    const late = `${'Long before. '.repeat(20)}\n\n**Response:** 200 OK`;
    assert.deepEqual(parsePair(late), { instruction: null, response: late });
  });

  it('keeps what belongs to the text: its emphasis, its code, its quotations', () => {
    const emphasised = '**First** a loop, **then** the end.';
    assert.equal(parsePair(`### Response: ${emphasised}`).response, emphasised);
    assert.equal(parsePair('```\nResponse = 1\n```').response, '```\nResponse = 1\n```');
    for (const [given, read] of [
      ['"A" or "B"?', '"A" or "B"?'],
      ['"Explain the word "loop" to me."', 'Explain the word "loop" to me.'],
      ['“Explain “loop” to me.”', 'Explain “loop” to me.'],
      ['“A” or “B”', '“A” or “B”'],
      ['"x', '"x'],
    ] as const) {
      assert.equal(parsePair(`### Instruction: ${given}\n### Response: x`).instruction, read);
    }
  });

  it('reads what it is given in the asked form as it is', () => {
    const words = fc.array(
      fc.constantFrom('a', 'Response', 'Instruction', '**', '\n', ' ', '"', '-', '`', 'response:'),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(words, words, (first, second) => {
        const [one, two] = [`Q ${first.join('')} q`, `R ${second.join('')} r`];
        assert.deepEqual(parsePair(`### Instruction:\n${one}\n### Response:\n${two}`), {
          instruction: one,
          response: two,
        });
      }),
    );
  });
});
