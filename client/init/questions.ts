/**
 * The three questions of `seedmill init`: what for, who makes the calls, how many. What cannot be guessed (a file, an endpoint of
 * one’s own) is asked with the question that it belongs to; limits and names of models stand in the recipe, to be changed.
 */
import { startsFromData } from '../../activities/recipe-deita.js';
import { hasTarget } from './choices.js';
import { type Given, isHttpUrl, type Method, usualModel } from './options.js';

/** What a terminal can be asked; `@inquirer/prompts` has functions of these shapes. */
export interface Asker {
  select<Value>(question: {
    message: string;
    choices: { value: Value; name: string; description?: string }[];
  }): Promise<Value>;
  input(question: {
    message: string;
    default?: string;
    required?: boolean;
    validate?: (value: string) => boolean | string;
  }): Promise<string>;
}

const purposes: { value: Method; name: string; description: string }[] = [
  {
    value: 'sedi',
    name: 'new examples from seed tasks, steered by what a student learns from',
    description: 'SeDi-Instruct; the student trains on this machine, with Python',
  },
  {
    value: 'self-instruct',
    name: 'new examples from seed tasks',
    description: 'Self-Instruct, the baseline: a strict filter, no student',
  },
  {
    value: 'skillmix',
    name: 'new examples that each need several skills, without seed tasks',
    description: 'Instruct-SkillMix; wants a strong teacher',
  },
  {
    value: 'deita',
    name: 'the best rows of a file that I have',
    description: 'DEITA: scores complexity and quality, selects rows that differ',
  },
  {
    value: 'evolve',
    name: 'better or harder variants of rows that I have',
    description: 'DEITA’s evolution: also pairs for DPO and for a scorer',
  },
];

/** Asks for what is not given yet. */
export async function askFor(given: Given, asker: Asker): Promise<Given> {
  const asked: Given = { ...given };
  asked.method ??= await asker.select({ message: 'What do you want?', choices: purposes });
  const { method } = asked;
  if (startsFromData(method)) {
    asked.data ??= await asker.input({
      message: 'The file with the rows (JSON Lines or a JSON array; Alpaca’s, ShareGPT’s or OpenAI’s form)',
      required: true,
    });
  }
  asked.teacher ??= await askTeacher(asker);
  const isLocal = asked.teacher === 'local';
  if (asked.teacher === 'openai') asked.model ??= usualModel;
  else if (!isLocal) asked.model ??= await asker.input({ message: 'Its model', required: true });
  if (hasTarget(method)) {
    asked.target ??= Number(
      await asker.input({
        message: method === 'deita' ? 'How many rows are to be selected?' : 'How many examples?',
        default: isLocal ? '40' : '1000',
        validate: (text) => isCount(text) || 'a whole number from 1',
      }),
    );
  }
  return asked;
}

async function askTeacher(asker: Asker): Promise<string> {
  const where = await asker.select({
    message: 'Which teacher makes the calls?',
    choices: [
      {
        value: 'local',
        name: 'a local model',
        description: 'the bundled one of 135M shows the loop; poor data',
      },
      {
        value: 'openai',
        name: 'OpenAI',
        description: `${usualModel}, to be changed in the recipe; the key is OPENAI_API_KEY`,
      },
      {
        value: 'url',
        name: 'another OpenAI-compatible endpoint',
        description: 'vLLM, Ollama, SGLang, Azure, …',
      },
    ],
  });
  if (where !== 'url') return where;
  return await asker.input({
    message: 'Its address, with /v1',
    required: true,
    validate: (text) => isHttpUrl(text) || 'for example http://127.0.0.1:8000/v1',
  });
}

function isCount(text: string): boolean {
  return /^[1-9]\d{0,7}$/.test(text.trim());
}
