import type { Seed } from '../activities/types.js';

/** Twelve human seeds about different things; with so few, six of them are held out. */
export function testSeeds(): Seed[] {
  const instructions = [
    'Name three rivers that cross more than one country.',
    'Explain to a child why the sky is blue.',
    'Write a polite e-mail that declines a meeting.',
    'Sort these numbers from small to large.',
    'Suggest a quick dinner with rice and beans.',
    'Describe how a bicycle stays upright.',
    'Convert the temperature from Celsius to Fahrenheit.',
    'Give two arguments for and against school uniforms.',
    'Summarise the paragraph in one sentence.',
    'Compose a short poem about the first snow.',
    'List the steps to change a flat tyre.',
    'Decide whether the review is positive or negative.',
  ];
  return instructions.map((instruction, index) => ({
    id: `seed-${index}`,
    origin: 'human',
    instruction,
    instances: [{ input: '', output: `Answer number ${index}.` }],
    isClassification: index === 11,
    ancestors: [`seed-${index}`],
    round: 0,
    score: null,
  }));
}
