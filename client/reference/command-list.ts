/** The commands of `docs/commands.md`, from the program that reads them. */
import type { Argument, Command, Option } from 'commander';

const block = /(<!-- commands -->\n)[\s\S]*?(<!-- end of commands -->)/;

/** Options that commands share; the page says once what they do. */
const shared = new Set(['--json', '--verbose', '--store', '--state-dir', '--help']);

/** The page with its list written anew. @throws Error when it has no place for it. */
export function withCommands(page: string, program: Command): string {
  if (!block.test(page)) throw new Error('the page has no <!-- commands -->');
  const list = program.commands.map(describe).join('\n\n');
  return page.replace(block, (_all, begin: string, end: string) => `${begin}\n${list}\n\n${end}`);
}

function describe(command: Command): string {
  const usage = [command.name(), ...command.registeredArguments.map(argumentOf)].join(' ');
  const details = [
    ...command.registeredArguments
      .filter(({ description }) => description !== '')
      .map((argument) => `- \`${argumentOf(argument)}\`: ${argument.description}${byDefault(argument)}`),
    ...command.options
      .filter(({ long, hidden }) => !shared.has(long ?? '') && !hidden)
      .map((option) => `- \`${option.flags}\`: ${option.description}${notes(option)}`),
  ];
  const text = command.description();
  const about = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return [`### \`seedmill ${usage}\``, about, details.join('\n')].filter(Boolean).join('\n\n');
}

function argumentOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function notes(option: Option): string {
  const choices = option.argChoices ? `: ${option.argChoices.map((one) => `\`${one}\``).join(', ')}` : '';
  const isNeeded = option.mandatory && option.defaultValue === undefined ? '; needed' : '';
  return `${choices}${isNeeded}${byDefault(option)}`;
}

function byDefault({ defaultValue }: { defaultValue?: unknown }): string {
  const isTold = ['string', 'number'].includes(typeof defaultValue);
  return isTold ? ` (default: \`${String(defaultValue)}\`)` : '';
}
