import { UserError } from '../../store/errors.js';

/**
 * Whether a person agrees: asked on a terminal, said by `--yes` elsewhere.
 * @throws UserError where nobody can be asked.
 */
export async function isConfirmed(question: string, { yes }: { yes: boolean }): Promise<boolean> {
  if (yes) return true;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw new UserError(`${question} Nobody can be asked here: --yes says so`);
  const { confirm } = await import('@inquirer/prompts');
  try {
    return await confirm({ message: question, default: false }, { output: process.stderr });
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') return false;
    throw error;
  }
}
