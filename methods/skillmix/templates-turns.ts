/**
 * Templates of one example's conversation: the five turns of the authors' GPT chain (arXiv 2408.14774; their
 * `prompts/*.json`), in our words.
 */
import type { SkillMixPhase } from '../../activities/types.js';
import { objectOf, textSchema } from '../answer-schema.js';
import type { AnswerSchema, Template } from '../prompt.js';
import { shownExamples } from './worked-examples.js';

function chat(phase: SkillMixPhase, kind: string, parts: Pick<Template, 'user' | 'schema'>): Template {
  return { name: `skillmix/${kind}.chat`, phase, form: 'chat', system: null, ...parts };
}

const purpose =
  'We are building a data set of conversations between people and an AI assistant that show how much a good assistant can do. Please write one of its examples{{about}}{{language}}: a query and the response to it.';

const responseRule =
  '- The response is as helpful, as correct and as wise as you can make it, and of a good length: concrete details, figures and examples where others would stay general, but no padding.';

const queryRules = `It must not sound like an exercise: give it a situation of its own.
- If it speaks of a text, of code, of data or of anything else that has to be looked at, it holds that piece itself.`;

/** How a turn that has an instruction and a response is written. */
interface PairForm {
  /** At the end of a template's name. */
  name: string;
  draft: string;
  same: string;
  refined: string;
  refinedAgain: string;
  schema: AnswerSchema | null;
}

const json = 'JSON: {"instruction": "…", "response": "…"}';

const pairForms = {
  /** The authors'. */
  marks: {
    name: '',
    draft:
      'Go on as the examples do, with ### Instruction: and ### Response:, and write nothing before or after them.',
    same: 'The form stays the same: ### Instruction: and ### Response:.',
    refined: `in the form from before, with nothing else:

### Instruction:
### Response:`,
    refinedAgain:
      'Please write the whole refined response again after the mark ### Response:, short enough to fit: leave out what is not needed rather than stop in the middle. The refined instruction stays as it is; write it again, after ### Instruction:, only if it was itself cut off.',
    schema: null,
  },
  /** **Ours**: for endpoints with structured output, and for models too small to keep to marks. */
  json: {
    name: '-json',
    draft: `Answer with ${json}`,
    same: `Answer with ${json}`,
    refined: `as ${json}`,
    refinedAgain: `Please write the refined instruction as it is, and the whole refined response, short enough to fit: leave out what is not needed rather than stop in the middle. Answer with ${json}`,
    schema: { name: 'example', schema: objectOf({ instruction: textSchema, response: textSchema }) },
  },
} as const satisfies Record<string, PairForm>;

function templatesOf(form: PairForm) {
  const pair = (phase: SkillMixPhase, kind: string, user: string) =>
    chat(phase, `${kind}${form.name}`, { user, schema: form.schema });
  return {
    draft: pair(
      'draft',
      'draft',
      `${purpose}

I will give you {{skills}} and a task type.
- The query is one that a person might plausibly ask, and it fits the task type. Answering it well takes {{allSkills}}; the query need not name them. ${queryRules}
${responseRule}

Here are three examples, each with two skills.

${shownExamples({ withSkills: true })}

Now it is your turn. The task type is

{{queryType}}

Write a query that takes {{allSkills}}, and its response. ${form.draft}

### Task type: {{name}}
### Skills: {{list}}`,
    ),

    draftWithoutSkills: pair(
      'draft',
      'draft-without-skills',
      `${purpose}

I will give you a task type.
- The query is one that a person might plausibly ask, and it fits the task type. ${queryRules}
${responseRule}

Here are three examples.

${shownExamples({ withSkills: false })}

Now it is your turn. The task type is

{{queryType}}

Write a query of this type, and its response. ${form.draft}

### Task type: {{name}}`,
    ),

    draftRewrite: pair(
      'draft-rewrite',
      'draft-rewrite',
      `Thank you. It looks as if your answer ended before it was complete. Please write it again from its first word to its last, short enough to fit: leave out what is not needed rather than stop in the middle. ${form.same}`,
    ),

    improve: pair(
      'improve',
      'improve',
      `Now refine both the instruction and the response: keep what is strong, mend what is weak. Write out the whole of both ${form.refined}`,
    ),

    improveRewrite: pair(
      'improve-rewrite',
      'improve-rewrite',
      `Thank you. It looks as if the refined response ended before it was complete. ${form.refinedAgain}`,
    ),
  };
}

/** The turns that have an instruction and a response, in either form. */
export const turnTemplates = { marks: templatesOf(pairForms.marks), json: templatesOf(pairForms.json) };

export const critiqueTemplate = chat('critique', 'critique', {
  user: `Now take the place of the person who asked. List what is strong and what is weak about the response. Be specific: where does it stay general although an example, a figure or a detail would help, what is missing, what is wrong, what could go? Do not rewrite it yet.`,
  schema: null,
});
