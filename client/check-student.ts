import path from 'node:path';
import { execa } from 'execa';
import { UserError } from '../store/errors.js';
import { packageRoot } from '../workers/folders.js';
import { preparePython, pythonChildEnvironment } from '../workers/python-environment.js';

/** Ships with seedmill: installed wherever a student is. */
const bundled = 'smollm2-135m';

/**
 * Asks for the student's model before anything is paid: it would otherwise be missed after the first round's calls.
 * Reads the configuration only, so that it takes seconds for a model of any size.
 * @throws UserError that names the model and what else may be given.
 */
export async function checkStudent(model: string, say: (line: string) => void): Promise<void> {
  if (model === bundled) return;
  const { python } = await preparePython({ sets: ['model', 'student'], say });
  const script = path.join(packageRoot, 'models', 'student', 'check_model.py');
  const { exitCode, stderr } = await execa(python, [script, model], {
    reject: false,
    env: pythonChildEnvironment(process.env),
    extendEnv: false,
  });
  if (exitCode !== 0)
    throw new UserError(stderr.trim().split('\n').at(-1) ?? `student.model ${model}: not found`);
}

/** A path in a recipe is relative to the recipe; anything else is the name of a model. */
export function resolveStudentModel(model: string, recipePath: string): string {
  const isPath = model.endsWith('.gguf') || /^\.{0,2}\//.test(model);
  return isPath ? path.resolve(path.dirname(recipePath), model) : model;
}
