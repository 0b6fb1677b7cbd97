/** The three examples in the first prompt of a conversation. The authors show three too; these are **ours**. */

interface WorkedExample {
  taskType: string;
  skills: readonly [string, string];
  instruction: string;
  response: string;
}

const examples: readonly WorkedExample[] = [
  {
    taskType: 'Troubleshooting',
    skills: ['bread_fermentation', 'reading_small_samples'],
    instruction:
      'My sourdough was dense on four of the last nine weekends. I noted kitchen temperature and rising time: dense at 18 °C/5 h, 19/5, 23/4 and 25/4; good at 18/9, 21/6, 22/5, 23/6 and 24/5. Do the notes tell me what I do wrong, and what should I do next weekend?',
    response: `They do: neither time nor temperature alone sorts your loaves, but their product does. Warm dough ferments faster, so over a few degrees it can stand in for how far the dough has come.

- Dense: 90, 92, 95 and 100 degree-hours
- Good: 110, 120, 126, 138 and 162

Your dough goes into the oven too early whenever it is below about 105. The 23 °C loaf shows it best: four hours were too few, six were fine.

Next weekend, read the thermometer first and divide 120 by it: 20 °C asks for 6 hours, 24 °C for 5. Check with the dough itself: half as big again, domed, and a floured finger leaves a dent that fills slowly.

Nine loaves are few, and a sluggish starter would look the same. So keep flour and starter as they are for two more weekends, and try one loaf at 105 on purpose: it will tell you more than a third at 130.`,
  },
  {
    taskType: 'Text Analysis',
    skills: ['contract_reading', 'plain_language_writing'],
    instruction: `This is in the lease of my studio:

"Notice shall be effective at the close of a calendar quarter, provided that it has been received by the Landlord not later than the third working day of that quarter; notice received thereafter shall be effective at the close of the quarter next following."

I want to be out by 30 September. What is the last day for my notice, and how would you put the clause so that my flatmate understands it?`,
    response: `The last day is the third working day of July, since the quarter that closes on 30 September opens on 1 July. If 1 July is a Saturday, the working days are Monday 3, Tuesday 4 and Wednesday 5 July: the letter must be there on the 5th. A day later, and you pay until 31 December.

Two words decide more than they seem to:

- **Received**, not sent: the postmark does not help you. Post it by about 20 June, or hand it over and have a copy signed.
- **Working day** is not defined. Whether a Saturday counts can be argued, so do not count it.

In plain words:

> You can leave at the end of March, June, September or December. Your letter must reach the landlord within the first three working days of the quarter at whose end you want to leave. If it comes later, you leave three months later.`,
  },
  {
    taskType: 'Planning',
    skills: ['stream_ecology', 'volunteer_coordination'],
    instruction:
      'Twelve of us want to spend a Saturday in mid-June, nine to three, on the brook behind the village hall: 300 m, Himalayan balsam on both banks, rubbish in the reeds. How do we plan the day so that it does the brook some good?',
    response: `Put nine people on the balsam and keep the reeds for autumn. In mid-June the plants stand tall but have no seed yet, so what you pull now is gone; the reeds hold nests until the end of July.

**Who:** four pairs on the balsam, one person who carries and piles, two who pick rubbish from the open bank with grabbers, one at the hall for first aid, tea and the tally.

**When**
- 9:00 gloves, boots, ten minutes on what balsam looks like (red stem, whorls of three leaves) and what it is not
- 9:30 start at the upper end, since seed drifts down: two pairs on each bank, 150 m for each pair
- 12:00 lunch, and a look at which stretch lags
- 12:45 second half; 14:30 count bags, photograph four fixed spots

**How:** pull low, so that the root comes too, snap it below the lowest knot, and pile the plants on dry ground away from the water, where they wither.

Come back with four people in three weeks for what has sprouted again, and ask the water authority beforehand whether you may go on the banks.`,
  },
];

/** The examples as the draft prompt shows them, with the skills that each needs or without. */
export function shownExamples({ withSkills }: { withSkills: boolean }): string {
  return examples
    .map(({ taskType, skills, instruction, response }, i) =>
      [
        `Example ${i + 1}`,
        `### Task type: ${taskType}`,
        ...(withSkills ? [`### Skills: ${skills.join(', ')}`] : []),
        '### Instruction:',
        instruction,
        '### Response:',
        response,
      ].join('\n'),
    )
    .join('\n\n');
}
