#!/usr/bin/env node
/**
 * The command line: `npx seedmill …`. Each command is a function in `commands/`; this file only wires them. A command is
 * loaded when it is given: what all of them need together takes a second of a processor.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Tau } from '../methods/deita/choose-rows.js';
import { UserError } from '../store/errors.js';
import { ServiceError } from '../workers/service-error.js';
import type { DedupeCommandOptions } from './commands/dedupe.js';
import type { ExportCommandOptions } from './commands/export.js';
import type { ReportCommandOptions } from './commands/report.js';
import type { ReviewCommandOptions } from './commands/review.js';
import type { PruneOptions } from './commands/prune.js';
import type { ScoreOptions } from './commands/score.js';
import type { SelectCommandOptions } from './commands/select.js';
import type { SkillsOptions } from './commands/skills.js';
import type { Steering } from './commands/steer.js';
import type { Context, Output } from './context.js';
import { formatNames, splitKinds } from './export/names.js';
import { type Budget, budgetOf, type Given, isHttpUrl, methods } from './init/options.js';
import { forTerminal } from './terminal.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

interface OutputOptions {
  json?: boolean;
  verbose?: boolean;
}

interface GlobalOptions extends OutputOptions {
  store: string;
  stateDir: string;
}

interface RunOptions {
  seeds?: string;
  id?: string;
  new?: boolean;
  set: string[];
}

interface ForkOptions extends Omit<RunOptions, 'seeds'> {
  round?: number;
  detach?: boolean;
}

/** Every command; `docs/commands.md` is written from it. */
export const program = new Command('seedmill')
  .description('Durable instruction-data generation on Temporal')
  .version(version)
  .showHelpAfterError('(--help shows how the command is used)')
  .configureOutput({ writeErr: (text) => process.stderr.write(forTerminal(text)) })
  .exitOverride();

/** Options that every command takes, after its own name. */
function plainCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--json', 'print one JSON object as the last line')
    .option('--verbose', 'show where errors come from')
    .exitOverride();
}

/** A command that has to do with runs. */
function command(name: string, description: string): Command {
  return plainCommand(name, description)
    .option(
      '--store <url>',
      'where data lies: a folder, file:// or s3:// URL',
      process.env.SEEDMILL_STORE ?? './runs',
    )
    .option(
      '--state-dir <dir>',
      'processes, logs and Temporal’s database',
      process.env.SEEDMILL_STATE_DIR ?? '.seedmill',
    );
}

/** A command that reads a recipe. */
function recipeCommand(name: string, description: string): Command {
  return command(name, description)
    .argument('<recipe>', 'a recipe, for example recipes/quickstart.yaml')
    .option('--set <key=value>', 'change a key of the recipe; may be repeated', collect, []);
}

function runCommand(name: string, description: string): Command {
  return recipeCommand(name, description)
    .option('--seeds <file>', 'seed tasks instead of the recipe’s')
    .option('--id <id>', 'name of the run; an unfinished one with this name is rejoined')
    .option('--new', 'start another run even when there is one with this recipe and these seeds');
}

/** A command that changes a run while it lives. */
function steeringCommand(name: string, description: string): Command {
  return command(name, description)
    .argument('<run>')
    .option('--by <name>', 'who makes this change; default: the user of this machine');
}

runCommand('run', 'start a run, or rejoin it, and follow it to its end').action(
  act(async (context, [recipe], options: RunOptions) =>
    (await import('./commands/run.js')).run(context, startOptions(recipe, options)),
  ),
);
runCommand('start', 'start a run and leave it').action(
  act(async (context, [recipe], options: RunOptions) =>
    (await import('./commands/run.js')).start(context, startOptions(recipe, options)),
  ),
);
command('fork', 'start a run from the stored rounds of another one, with other settings')
  .argument('<run>', 'finished, cancelled, failed, paused or running')
  .option(
    '--round <number>',
    'the last round that it is given (default: the last complete one)',
    wholeNumber(1),
  )
  .option('--set <key=value>', 'change a key of the recipe; may be repeated', collect, [])
  .option('--id <id>', 'name of the fork; an unfinished one with this name is rejoined')
  .option('--new', 'start another fork even when there is one with these settings')
  .option('--detach', 'start it and leave it')
  .action(
    act(async (context, [runId], { round, detach, ...options }: ForkOptions) =>
      (await import('./commands/fork.js')).fork(context, {
        runId,
        round: round ?? null,
        detach: detach === true,
        ...runOptions(options),
      }),
    ),
  );
recipeCommand('skills', 'extract the skills and query types of a skillmix recipe, and nothing more')
  .option('--out <folder>', 'write skills.jsonl and query-types.jsonl there; without it they are printed')
  .action(
    act(async (context, [recipePath], options: Omit<SkillsOptions, 'recipePath'>) =>
      (await import('./commands/skills.js')).skills(context, { ...options, recipePath }),
    ),
  );
command(
  'score',
  'score the rows of a file: how complex each turn’s instruction is, how good its response (DEITA)',
)
  .requiredOption('--in <file>', 'JSON Lines, or a JSON array: Alpaca’s, ShareGPT’s or OpenAI’s form')
  .requiredOption('--out <file>', 'scored rows, in their order')
  .option('--dropped <file>', 'the other rows, each with its reason')
  .option('--embeddings <file>', 'a .npy file that gets a vector for each row of --out')
  .option(
    '--recipe <recipe>',
    'whose teachers, score, budget and student; without it the local teacher judges (--set teacher.gguf=FILE)',
  )
  .addOption(
    new Option('--scorer <kind>', 'in place of the recipe’s score.scorer').choices([
      'judge',
      'logits',
      'student',
    ]),
  )
  .option('--set <key=value>', 'change a key of the recipe; may be repeated', collect, [])
  .action(
    act(async (context, _, options: ScoreOptions) =>
      (await import('./commands/score.js')).score(context, options),
    ),
  );
recipeCommand('plan', 'what a run of a recipe is expected to need, before anything is spent')
  .option('--seeds <file>', 'seed tasks instead of the recipe’s')
  .action(
    act(async (context, [recipe], options: Omit<RunOptions, 'id' | 'new'>) =>
      (await import('./commands/plan.js')).plan(context, startOptions(recipe, options)),
    ),
  );
recipeCommand('preview', 'make the first call of a recipe: its prompt, its answer, and what becomes of it')
  .option('--seeds <file>', 'seed tasks instead of the recipe’s')
  .action(
    act(async (context, [recipe], options: Omit<RunOptions, 'id' | 'new'>) =>
      (await import('./commands/preview.js')).preview(context, startOptions(recipe, options)),
    ),
  );
command('watch', 'follow a run')
  .argument('<run>')
  .action(act(async (context, [runId]) => (await import('./commands/watch.js')).watch(context, runId)));
command('status', 'show where a run stands')
  .argument('<run>')
  .action(act(async (context, [runId]) => (await import('./commands/status.js')).status(context, runId)));
command('list', 'show the runs of the store').action(
  act(async (context) => (await import('./commands/show.js')).list(context)),
);
steeringCommand('pause', 'make no new calls until the run is resumed')
  .option('--reason <text>', 'why', 'no reason given')
  .action(
    act(async (context, [runId], options: Steering & { reason: string }) =>
      (await import('./commands/steer.js')).pause(context, runId, options),
    ),
  );
steeringCommand('resume', 'go on with a paused run').action(
  act(async (context, [runId], options: Steering) =>
    (await import('./commands/steer.js')).resume(context, runId, options),
  ),
);
steeringCommand(
  'set',
  'change a run while it lives: target, filter.poolThreshold, gate.threshold, select.tau, budget.usd, budget.calls, budget.tokens, concurrency, requestsPerMinute, tokensPerMinute',
)
  .argument('<key=value...>', 'for example budget.usd=20 concurrency=80 requestsPerMinute=none')
  .option('--teacher <name>', 'whose concurrency or limits; the recipe’s `teacher` where not given')
  .action(
    act(async (context, [runId, ...changes], options: Steering & { teacher?: string }) =>
      (await import('./commands/steer.js')).set(context, runId, { ...options, changes }),
    ),
  );
steeringCommand('seeds', 'add seed tasks to a run while it lives')
  .requiredOption('--add <file>', 'seed tasks, in the forms that --seeds takes')
  .action(
    act(async (context, [runId], options: Steering & { add: string }) =>
      (await import('./commands/seeds.js')).seeds(context, runId, options),
    ),
  );
steeringCommand('cancel', 'end a run with what it has; calls in flight finish and are stored')
  .option('--now', 'abort the calls in flight; what they cost stays unknown')
  .action(
    act(async (context, [runId], options: Steering & { now?: boolean }) =>
      (await import('./commands/steer.js')).cancel(context, runId, options),
    ),
  );
command('review', 'show a sample of the round that waits for people, and decide on it')
  .argument('<run>')
  .option('--by <name>', 'who reviews (default: this machine’s user)')
  .option('--approve', 'accept what no verdict rejects; without a terminal, or without looking')
  .option('--reject-round', 'reject every example of the round')
  .option(
    '--verdicts <file>',
    'JSON Lines: {id, verdict: approve, reject or edit, note, instruction, input, output}',
  )
  .option('--note <text>', 'on the round as a whole; the reason of a rejected one')
  .action(
    act(async (context, [runId], options: ReviewCommandOptions) =>
      (await import('./commands/review.js')).review(context, runId, options),
    ),
  );
command('rm', 'remove a run that is not open from the store; stored answers stay')
  .argument('<run>')
  .option('--yes', 'do not ask')
  .action(
    act(async (context, [runId], { yes }: { yes?: boolean }) =>
      (await import('./commands/rm.js')).rm(context, runId, { yes: yes === true }),
    ),
  );
command(
  'prune',
  'remove stored answers that no run of the store uses, and what processes that died have left',
)
  .option('--dry-run', 'only say what would be removed')
  .option('--yes', 'do not ask')
  .option('--caches', 'also the student’s vectors and scores of texts, whoever uses them')
  .action(
    act(async (context, _, { dryRun, yes, caches }: Partial<PruneOptions>) =>
      (await import('./commands/prune.js')).prune(context, {
        dryRun: dryRun === true,
        yes: yes === true,
        caches: caches === true,
      }),
    ),
  );
command('verify', 'recompute a run’s accounts from its store; exit code 1 when anything does not add up')
  .argument('<run>')
  .action(act(async (context, [runId]) => (await import('./commands/verify.js')).verify(context, runId)));
command('show', 'show one example of a run: its text, verdicts, scores, seeds and calls')
  .argument('<run>')
  .argument('<example>', 'its id, or the beginning of it')
  .option('--calls', 'with the prompts and answers of its calls')
  .action(
    act(async (context, [run, example], options: { calls?: boolean }) =>
      (await import('./commands/example.js')).example(context, {
        run: run as string,
        example: example as string,
        calls: options.calls === true,
      }),
    ),
  );
command('coverage', 'how often a skillmix run used each skill, pair of skills and query type')
  .argument('<run>')
  .action(act(async (context, [runId]) => (await import('./commands/coverage.js')).coverage(context, runId)));
command(
  'query',
  'run SQL over a run’s files: candidates, examples, calls, attempts and others (docs/query.md)',
)
  .argument('<run>')
  .argument('<sql>', 'one SELECT, for example "SELECT verdict.reason, count(*) FROM candidates GROUP BY ALL"')
  .option('--csv', 'print the rows as CSV')
  .action(
    act(async (context, [run, sql], options: { csv?: boolean }) =>
      (await import('./commands/query.js')).query(context, {
        run,
        sql: sql as string,
        csv: options.csv === true,
      }),
    ),
  );
command('report', 'write one HTML file about a run: rounds, examples, similarity, student, scores, map')
  .argument('<run>')
  .option(
    '--out <file>',
    'default: <run>-report.html here; an earlier report is replaced, anything else is not',
  )
  .action(
    act(async (context, [runId], options: ReportCommandOptions) =>
      (await import('./commands/report.js')).report(context, runId, options),
    ),
  );
command('export', 'write the dataset of a run that has ended in a trainer’s format')
  .argument('<run>')
  .addOption(
    new Option('--format <name>', 'docs/export.md describes each').choices(formatNames).makeOptionMandatory(),
  )
  .requiredOption('--out <folder>', 'made anew; an earlier export there is replaced, anything else is not')
  .option('--test-share <share>', 'this share of the examples makes a test set, for example 0.1', testShare)
  .addOption(
    new Option('--split <kind>', 'what a test set is drawn by (default: random)').choices(splitKinds),
  )
  .option('--licence <name>', 'of a Hugging Face dataset (default: what all seed tasks state, else unknown)')
  .action(
    act(async (context, [runId], options: ExportCommandOptions) =>
      (await import('./commands/export.js')).exportDataset(context, runId, options),
    ),
  );
command('worker', 'serve task queues from this machine')
  .requiredOption('--queues <names>', 'comma-separated, for example seedmill,cpu')
  .action(
    act(async (context, _, options: { queues: string }) =>
      (await import('./commands/worker.js')).worker(context, options.queues),
    ),
  );
command('up', 'start everything but a run').action(
  act(async (context) => (await import('./commands/up.js')).up(context)),
);
command('down', 'end every process that seedmill started here, once calls in flight have finished')
  .option('--now', 'do not wait for calls in flight; their answers are lost and may be paid for twice')
  .action(
    act(async (context, _, options: { now?: boolean }) =>
      (await import('./commands/down.js')).down(context, { now: options.now === true }),
    ),
  );
command('doctor', 'what is there, what is missing and how to get it').action(
  act(async (context) => (await import('./commands/doctor.js')).doctor(context)),
);

plainCommand(
  'init',
  'write a commented recipe; on a terminal it asks three questions (a file or an endpoint of your own needs one more)',
)
  .argument('[file]', 'made anew; nothing is overwritten', 'recipe.yaml')
  .addOption(new Option('--method <name>', 'what for').choices(methods))
  .option('--teacher <where>', 'local, openai, or the address of an OpenAI-compatible endpoint', teacherWhere)
  .option('--model <name>', 'as the endpoint names it')
  .option('--target <number>', 'how many examples; of deita how many rows are selected', wholeNumber(1))
  .option(
    '--budget <limit>',
    'usd=5, calls=2000 or tokens=1000000; the run pauses before it spends more',
    budget,
  )
  .option('--data <file>', 'the rows of deita and evolve')
  .option('--seeds <file>', 'seed tasks in place of the project’s own')
  .action(
    actAlone(async (output, [file], { method, teacher, model, target, budget, data, seeds }: Given) =>
      (await import('./commands/init.js')).init(output, {
        file: file ?? 'recipe.yaml',
        given: {
          ...(method !== undefined && { method }),
          ...(teacher !== undefined && { teacher }),
          ...(model !== undefined && { model }),
          ...(target !== undefined && { target }),
          ...(budget !== undefined && { budget }),
          ...(data !== undefined && { data }),
          ...(seeds !== undefined && { seeds }),
        },
      }),
    ),
  );
plainCommand('schema', 'print the JSON Schema of recipes, for editors').action(
  actAlone(async (output) => (await import('./commands/schema.js')).schema(output)),
);
plainCommand('dedupe', 'drop the rows of a file that are too similar to one before them')
  .requiredOption('--in <file>', 'JSON Lines, or a JSON array (Alpaca)')
  .requiredOption('--out <file>', 'kept rows, in their order')
  .option('--dropped <file>', 'dropped rows with the nearest row and how near it is')
  .option('--against <file>', 'rows that are compared with too')
  .option('--threshold <number>', 'a row more similar than this is dropped', similarity, 0.7)
  .addOption(
    new Option('--metric <name>', 'how rows are compared').choices(['rouge-l', 'cosine']).default('rouge-l'),
  )
  .option('--field <name>', 'text to compare, also messages.0.content (default: instruction)')
  .addOption(
    new Option('--tokens <kind>', 'words of the text (default: rouge)').choices(['rouge', 'unicode']),
  )
  .option('--embeddings <where>', 'with --metric cosine: a .npy file, or the field that has a vector')
  .option('--against-embeddings <file>', 'the .npy file of the --against rows')
  .option('--threads <number>', 'default: one for each core when the input is large', threadCount)
  .action(
    actAlone(async (output, _, options: DedupeCommandOptions) =>
      (await import('./commands/dedupe.js')).dedupe(output, options),
    ),
  );

plainCommand(
  'scan',
  'which rows of a file have personal data or secrets (docs/scan.md); says where, not what',
)
  .requiredOption('--in <file>', 'JSON Lines, or a JSON array')
  .action(
    actAlone(async (output, _, options: { in: string }) =>
      (await import('./commands/scan.js')).scan(output, options),
    ),
  );

plainCommand('select', 'select the best rows of a file that differ enough (DEITA)')
  .requiredOption('--in <file>', 'JSON Lines, or a JSON array')
  .requiredOption('--out <file>', 'selected rows, in the order of the input')
  .requiredOption('--size <number>', 'how many rows to select', wholeNumber(1))
  .option('--dropped <file>', 'the other rows, each with its reason')
  .addOption(
    new Option('--by <rule>', 'DEITA’s rule, or what it is compared with')
      .choices(['deita', 'random', 'score', 'diversity', 'k-center'])
      .default('deita'),
  )
  .option(
    '--scores <field>',
    'a number, or a list with one for each turn; of two fields with a comma between the product (default: evol_instruction_score,evol_response_score)',
  )
  .addOption(
    new Option('--missing-scores <what>', 'rows without a score (default: refuse)').choices([
      'refuse',
      'drop',
    ]),
  )
  .option('--embeddings <where>', 'a .npy file, or the field that has a vector')
  .option('--tau <cosine>', 'a row nearer to a selected one is dropped; q0.9: a quantile (default: 0.9)', tau)
  .option('--seed <number>', 'of the histogram’s sample, and of --by random', wholeNumber(0), 0)
  .option('--ranked', 'write the rows in the order of selection')
  .action(
    actAlone(async (output, _, options: SelectCommandOptions) =>
      (await import('./commands/select.js')).select(output, options),
    ),
  );

function tau(text: string): Tau {
  return text.startsWith('q') ? { quantile: similarity(text.slice(1)) } : { cosine: similarity(text) };
}

function teacherWhere(text: string): string {
  if (text === 'local' || text === 'openai' || isHttpUrl(text)) return text;
  throw new InvalidArgumentError('give local, openai, or an address like http://127.0.0.1:8000/v1.');
}

function budget(text: string): Budget {
  const budget = budgetOf(text);
  if (budget !== null) return budget;
  throw new InvalidArgumentError('give usd=5, calls=2000 or tokens=1000000.');
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`give a whole number from ${least}.`);
  };
}

function similarity(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('give a number from 0 to 1.');
}

function testShare(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number > 0 && number < 1) return number;
  throw new InvalidArgumentError('give a number above 0 and below 1.');
}

function threadCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1_024) return number;
  throw new InvalidArgumentError('give a whole number from 1 to 1024.');
}

/** Runs a command with its context; otherwise as `actAlone`. */
function act<Options>(
  work: (context: Context, args: [string, ...string[]], options: Options) => Promise<number>,
): (this: Command) => Promise<void> {
  return actAlone((output, args, options: GlobalOptions & Options) =>
    work({ ...output, stateDir: options.stateDir, storeUrl: options.store }, args, options),
  );
}

/** Runs a command that needs no store, shows its error as one message, and exits with its code. */
function actAlone<Options>(
  work: (output: Output, args: [string, ...string[]], options: Options) => Promise<number>,
): (this: Command) => Promise<void> {
  return async function (this: Command) {
    const options = this.opts<OutputOptions & Options>();
    const json = options.json === true;
    const verbose = options.verbose === true;
    const out = json ? process.stderr : process.stdout;
    const say = (line: string) => void out.write(`${forTerminal(line)}\n`);
    try {
      process.exitCode = await work({ say, json, verbose }, this.args as [string, ...string[]], options);
    } catch (error) {
      process.stderr.write(`${forTerminal(explain(error, verbose))}\n`);
      process.exitCode = error instanceof UsageError ? 2 : 1;
    }
  };
}

function explain(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `seedmill: ${String(error)}`;
  if (verbose) return error.stack ?? error.message;
  const isExpected = error instanceof UserError || error instanceof ServiceError;
  return isExpected ? error.message : `seedmill: ${error.message} (--verbose shows where this comes from)`;
}

function startOptions(recipePath: string, { seeds, ...which }: RunOptions) {
  return { recipePath, ...(seeds !== undefined && { seedsPath: seeds }), ...runOptions(which) };
}

function runOptions({ id, new: isNew, set }: Omit<RunOptions, 'seeds'>) {
  if (id !== undefined && isNew)
    throw new UserError('--id and --new: a new run under a new id needs no --new');
  return { set, ...(id !== undefined && { id }), ...(isNew !== undefined && { isNew }) };
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

// Others import what the commands are; npx starts this file through a link.
const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);

if (isStarted) {
  // `seedmill status RUN | head -1`: who reads has seen enough, and what was started goes on without this command.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });

  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
}
