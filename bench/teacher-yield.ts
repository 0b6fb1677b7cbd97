/**
 * What a completion endpoint makes of the instruction prompts: usable items per call, and how many the strict and the
 * relaxed filter keep, for several samplings beside the authors'. Not a test; docs/methods/self-instruct.md quotes it.
 *
 *     npx tsx bench/teacher-yield.ts http://127.0.0.1:8080/v1 recipes/seeds.jsonl 24
 */
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import type { Sampling } from '../activities/types.js';
import type { Prompt } from '../methods/prompt.js';
import { seededRandom } from '../methods/random.js';
import { RELAXED_THRESHOLD, STRICT_THRESHOLD } from '../methods/sedi/batches.js';
import { parseSeeds } from '../methods/seed-format.js';
import { drawInstructions } from '../methods/self-instruct/in-context.js';
import { parseAnswer, parseInstructions } from '../methods/self-instruct/parse.js';
import { answerPrompt, instructionsPrompt } from '../methods/self-instruct/prompts.js';
import { rejectInstances, rejectInstruction } from '../methods/self-instruct/rejects.js';
import { RougeLPool } from '../similarity/rouge-l-pool.js';

const [url, seedFile, callsText = '24'] = process.argv.slice(2);
if (url === undefined || seedFile === undefined) throw new Error('give the base URL and a seed file');
const calls = Number(callsText);
const client = new OpenAI({ baseURL: url, apiKey: process.env.OPENAI_API_KEY ?? 'none' });
const options = { form: 'completion' } as const;
const human = parseSeeds(readFileSync(seedFile, 'utf8')).seeds;

async function complete(prompt: Prompt, sample: number, change: Partial<Sampling> = {}) {
  if (prompt.body.form !== 'completion') throw new Error('not a completion prompt');
  const sampling = { ...prompt.sampling, ...change };
  const answer = await client.completions.create({
    model: process.env.MODEL ?? 'default',
    prompt: prompt.body.prompt,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    presence_penalty: sampling.presencePenalty,
    max_tokens: sampling.maxTokens,
    stop: sampling.stop,
    seed: sample,
  });
  const choice = answer.choices[0];
  return { text: choice?.text ?? '', truncated: choice?.finish_reason === 'length', ...options };
}

/** Adds what is new at this threshold to a pool that begins with the seeds; returns the new ones. */
function keep(instructions: string[], threshold: number): string[] {
  const pool = new RougeLPool({ tokenisation: 'rouge' });
  for (const seed of human) pool.add(seed.id, seed.instruction);
  return instructions.filter((instruction) => {
    if (pool.nearest(instruction, { threshold }) !== null) return false;
    pool.add('new', instruction);
    return true;
  });
}

let kept: string[] = [];
const samplings: Partial<Sampling>[] = [
  {},
  { presencePenalty: 1, topP: 0.8 },
  { presencePenalty: 0.5 },
  { presencePenalty: 0.5, topP: 0.8 },
];
for (const sampling of samplings) {
  const usable: string[] = [];
  let items = 0;
  for (let call = 0; call < calls; call++) {
    const shown = drawInstructions({ human, machine: [], random: seededRandom('yield', call) });
    const prompt = instructionsPrompt({ instructions: shown.map((seed) => seed.instruction), options });
    const parsed = parseInstructions(await complete(prompt, call, { maxTokens: 320, ...sampling }));
    items += parsed.length;
    for (const { value } of parsed) {
      if (value !== null && rejectInstruction(value, { prompting: 'staged' }) === null) usable.push(value);
    }
  }
  kept = keep(usable, RELAXED_THRESHOLD);
  const strict = keep(usable, STRICT_THRESHOLD).length;
  console.log(
    `${JSON.stringify(sampling)}: ${calls} calls, ${items} items, ${usable.length} pass the heuristics, ` +
      `${strict} the strict filter, ${kept.length} the relaxed one`,
  );
}

let answered = 0;
for (const [i, instruction] of kept.slice(0, calls).entries()) {
  const [item] = parseAnswer(await complete(answerPrompt({ instruction, options }), i, { maxTokens: 96 }));
  if (item?.value != null && rejectInstances([{ input: '', output: item.value }])[0] === null) answered += 1;
}
console.log(`answers: ${answered} of ${Math.min(calls, kept.length)} are kept`);
