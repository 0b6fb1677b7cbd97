import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normaliseSkill, parseQueryTypes, parseSkillList } from '../../../methods/skillmix/skill-lists.js';

describe('normaliseSkill', () => {
  for (const [name, skill] of [
    ['Data Analysis & ETL', 'data_analysis_etl'],
    ['  critical-thinking\n', 'critical_thinking'],
    ['already_snake_case', 'already_snake_case'],
    ['__trailing__', 'trailing'],
    ['Übersetzung (Recht)', 'übersetzung_recht'],
    ['u\u0308bersetzung', 'übersetzung'],
    ['数据 分析', '数据_分析'],
    ['हिन्दी लेखन', 'हिन्दी_लेखन'],
    ['\u001b[31mred ink\u001b[0m', 'red_ink'],
    ['ISO 9001', 'iso_9001'],
    ['&!?', null],
    ['', null],
    ['x'.repeat(80), 'x'.repeat(80)],
    ['x'.repeat(81), null],
  ] as const) {
    it(`makes ${JSON.stringify(skill)} of ${JSON.stringify(name)}`, () => {
      assert.equal(normaliseSkill(name), skill);
    });
  }

  it('leaves what it made as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const skill = normaliseSkill(name);
        if (skill === null) return;
        assert.equal(normaliseSkill(skill), skill);
        assert.match(skill, /^[\p{L}\p{N}\p{M}_]+$/u);
      }),
    );
  });
});

describe('parseSkillList', () => {
  it('reads one skill a line, in order, and counts repetitions', () => {
    assert.deepEqual(parseSkillList('\ufeffPet care\r\n\r\n- Data analysis\n2. pet_care\n* Ink\n'), {
      skills: ['pet_care', 'data_analysis', 'ink'],
      duplicates: 1,
      problems: [],
    });
  });

  it('reads JSON Lines', () => {
    const text = '{"skill": "Pet care", "topic": "animals"}\n\n{"skill": "ink"}\n{"skill": "INK"}';
    assert.deepEqual(parseSkillList(text), { skills: ['pet_care', 'ink'], duplicates: 1, problems: [] });
  });

  it('reads the authors’ data, whose rows name several skills', () => {
    const rows = [
      { instruction: 'a', skills_joined_str: 'pet_care, ink_mixing' },
      { instruction: 'b', skills_joined_str: 'ink_mixing, knots' },
    ];
    assert.deepEqual(parseSkillList(JSON.stringify(rows, null, 2)), {
      skills: ['pet_care', 'ink_mixing', 'knots'],
      duplicates: 1,
      problems: [],
    });
  });

  for (const [what, text, problem] of [
    ['a line without a name', 'knots\n&&&', { line: 2, problem: 'names no skill' }],
    ['an empty skill in JSON', '{"skill": "knots"}\n{"skill": ""}', { line: 2, problem: 'names no skill' }],
    [
      'a gap between commas',
      '[\n{"skills_joined_str": "knots, , ink"}]',
      { line: 2, problem: 'names no skill' },
    ],
    ['a sentence', `knots\n${'very '.repeat(20)}long`, { line: 2, problem: 'is longer than 80 characters' }],
    [
      'a row with other keys',
      '{"name": "knots"}',
      { line: 1, problem: 'has neither "skill" nor "skills_joined_str"' },
    ],
    ['a skill that is no text', '{"skill": 7}', { line: 1, problem: '"skill" is a number, not a text' }],
    ['a row that is no JSON', '{"skill": ', { line: 1, problem: 'is not JSON: {"skill":' }],
    ['an empty file', ' \n', { line: 1, problem: 'holds no skill' }],
  ] as const) {
    it(`names the line of ${what}`, () => {
      assert.deepEqual(parseSkillList(text).problems, [problem]);
    });
  }
});

describe('parseQueryTypes', () => {
  const planning = { name: 'Planning', definition: 'Asks for a plan. For example:\n- "How do I pack?"' };
  const repair = { name: 'Repair', definition: '' };

  it('reads the authors’ Markdown, the text below a heading as its definition', () => {
    const text =
      '# Kinds\n\n### 1. **Planning**\nAsks for a plan. For example:\n- "How do I pack?"\n\n### 2. **Repair**\n';
    assert.deepEqual(parseQueryTypes(text), { queryTypes: [planning, repair], duplicates: 0, problems: [] });
  });

  it('reads one a line, with a definition or without', () => {
    assert.deepEqual(
      parseQueryTypes('Repair\n1. **Planning**: Asks for a plan: now.\n\n- **Riddle:** A riddle.').queryTypes,
      [
        repair,
        { name: 'Planning', definition: 'Asks for a plan: now.' },
        { name: 'Riddle', definition: 'A riddle.' },
      ],
    );
  });

  it('reads JSON Lines', () => {
    assert.deepEqual(parseQueryTypes(`${JSON.stringify(planning)}\n{"name": "Repair"}`).queryTypes, [
      planning,
      repair,
    ]);
  });

  it('reads the names in the authors’ data, under either key, once each', () => {
    const text = '[{"query_type": "Planning"}, {"query_str": "Repair"}, {"query_type": "planning"}]';
    assert.deepEqual(parseQueryTypes(text), {
      queryTypes: [{ name: 'Planning', definition: '' }, repair],
      duplicates: 1,
      problems: [],
    });
  });

  for (const [what, text, problem] of [
    ['a heading without a name', '### 1. **Repair**\n\n### **', { line: 3, problem: 'names no query type' }],
    [
      'text before the first heading',
      'Here they are:\n### Repair',
      { line: 1, problem: 'stands before the first ### heading' },
    ],
    [
      'a row without a name',
      '{"skill": "ink"}',
      { line: 1, problem: 'has none of "name", "query_type" and "query_str"' },
    ],
    [
      'a definition that is no text',
      '{"name": "Repair", "definition": []}',
      { line: 1, problem: '"definition" is a list, not a text' },
    ],
    [
      'a sentence where a name should be',
      `${'word '.repeat(20)}: it`,
      { line: 1, problem: 'is longer than 80 characters' },
    ],
    ['an empty file', '', { line: 1, problem: 'holds no query type' }],
  ] as const) {
    it(`names the line of ${what}`, () => {
      assert.deepEqual(parseQueryTypes(text).problems, [problem]);
    });
  }
});

describe('reading lists from hostile text', () => {
  const pieces = fc.constantFrom(
    ...'###|**|1.|- |:|,|{|}|[|]|"|\n|\ufeff|name|"skill":|\ud800|\\'.split('|'),
  );

  it('never throws, and always says why a list is empty', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        const { skills, problems } = parseSkillList(text);
        assert.ok(skills.length > 0 || problems.length > 0);
        const read = parseQueryTypes(text);
        assert.ok(read.queryTypes.length > 0 || read.problems.length > 0);
      }),
    );
  });

  it('stays quick on a megabyte of one piece', () => {
    for (const piece of ['#', '*', ' ', '### ', '- ', '1.', 'a:', '{"', '[', '__', '\n']) {
      const text = piece.repeat(1_000_000 / piece.length);
      parseSkillList(text);
      parseQueryTypes(text);
    }
  });
});
