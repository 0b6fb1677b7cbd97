/**
 * Templates for models that continue a text (`/v1/completions`): base models, and small ones that copy the examples
 * when they are asked in a chat. The form is Self-Instruct's (its appendix A shows the originals); the words and the
 * worked examples are our own. `{{preamble}}` is the recipe's system text with a blank line, or nothing.
 */
import type { CallPhase } from '../../activities/types.js';
import type { Template } from '../prompt.js';

function completion(phase: CallPhase, kind: string, user: string): Template {
  return {
    name: `self-instruct/${kind}.completion`,
    phase,
    form: 'completion',
    system: null,
    user,
    schema: null,
  };
}

export const completionTemplates = {
  // Without a domain or language the list stands alone: under a heading a small model repeats itself sooner
  // (docs/methods/self-instruct.md, "Tried").
  instructions: completion(
    'instructions',
    'instructions',
    `{{preamble}}{{heading}}{{list}}
Task {{next}}:`,
  ),

  classify: completion(
    'classify',
    'classify',
    `{{preamble}}Is each of these tasks a classification task? In a classification task, the answer is one of a few labels that are fixed beforehand.

Task: Read the hotel review and say whether the guest was happy or unhappy.
Is it classification? Yes

Task: Write a short farewell note to a colleague who is changing jobs.
Is it classification? No

Task: Decide which of the school subjects maths, history or biology the question belongs to.
Is it classification? Yes

Task: Suggest a cheap dinner that uses rice and one vegetable.
Is it classification? No

Task: Does the second sentence follow from the first? Answer true or false.
Is it classification? Yes

Task: Translate the sentence into Portuguese.
Is it classification? No

Task: {{instruction}}
Is it classification?`,
  ),

  inputFirst: completion(
    'instances',
    'instances-input-first',
    `{{preamble}}Write examples for each task{{language}}. An example has an input, where the task needs one, and the output that solves the task. Give several examples where the inputs can differ; when the task needs no input, write the output alone.

Task: Shorten the sentence without changing what it says.
Example 1
Input: Due to the fact that it was raining, we took the decision to remain indoors.
Output: Because it rained, we stayed in.
Example 2
Input: She is a person who always arrives at a later time than was agreed.
Output: She is always late.

Task: Name three habits that help against bad sleep.
Output: Go to bed at the same hour every day, keep screens out of the bedroom, and drink no coffee after lunch.

Task: Convert the temperature from Celsius to Fahrenheit.
Example 1
Input: 25 °C
Output: 77 °F
Example 2
Input: -10 °C
Output: 14 °F

Task: {{instruction}}
`,
  ),

  outputFirst: completion(
    'instances',
    'instances-output-first',
    `{{preamble}}For each classification task, write one example for every label{{language}}: first the label, then an input that gets this label. Use only the labels that the task allows.

Task: Decide whether the message is urgent or can wait.
Class label: urgent
Message: The cellar is under water and the pump has just stopped.
Class label: can wait
Message: When you have a minute this month, could you send me the address of your dentist?

Task: Tell which season the sentence describes: spring, summer, autumn or winter.
Class label: winter
Sentence: The lake has been frozen for two weeks and children skate on it after school.
Class label: autumn
Sentence: Leaves cover the path, and the last apples are being picked.
Class label: summer
Sentence: At ten in the evening it was still light and too hot to sleep.

Task: {{instruction}}
`,
  ),

  answers: completion(
    'answers',
    'answers',
    `{{preamble}}Each task below is followed by a short, complete answer{{language}}.

Task: Name two ways to keep bread fresh.
Answer: Keep it in a closed bread box at room temperature, or slice it and freeze what you will not eat within two days.

Task: Why do people wear light clothes in summer?
Answer: Light colours reflect most of the sunlight, so less of it turns into heat, and thin cloth lets sweat dry and cool the skin.

Task: {{instruction}}
{{input}}Answer:`,
  ),

  tasks: completion(
    'tasks',
    'tasks',
    `{{preamble}}A list of 20 different tasks{{about}} for an assistant that reads and writes text only{{language}}. Each task has an instruction of one or two sentences, an input where the instruction needs one ("<noinput>" where it does not), and a correct output of at most about 100 words. Verbs, topics and forms vary: questions and orders, open and closed tasks, short and longer ones.

{{list}}
###
{{next}}. Instruction:`,
  ),
} as const;
