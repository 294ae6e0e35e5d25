import { parseArgs } from 'node:util';
import type { JobName } from '../contracts/jobs';
import { parseSetting } from '../contracts/schemas';

export const COMMANDS = ['status', 'upload', 'cleanup', 'restore', 'relocate', 'audit', 'claim', 'doctor'] as const;
export type CommandName = (typeof COMMANDS)[number];
export type JobCommand = Extract<CommandName, JobName>;

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  'max-id': { type: 'string' },
  concurrency: { type: 'string' },
  apply: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
type OptionName = keyof typeof OPTIONS;

const TAKES: Record<CommandName, readonly OptionName[]> = {
  status: ['json'],
  upload: ['dry-run', 'max-id', 'concurrency', 'json'],
  cleanup: ['dry-run', 'max-id', 'concurrency', 'yes', 'json'],
  restore: ['dry-run', 'max-id', 'concurrency', 'yes', 'json'],
  relocate: ['dry-run', 'concurrency', 'yes', 'json'],
  audit: ['apply', 'concurrency', 'yes', 'json'],
  claim: ['yes', 'json'],
  doctor: ['json'],
};

export interface CommandRequest {
  readonly command: CommandName;
  readonly dryRun: boolean;
  /** Null: the settings decide. */
  readonly maxId: number | null;
  readonly concurrency: number | null;
  readonly apply: boolean;
  /** The command asks no question. */
  readonly yes: boolean;
  readonly json: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly request: CommandRequest }
  | { readonly kind: 'help'; readonly command: CommandName | null }
  | { readonly kind: 'wrong'; readonly command: CommandName | null; readonly message: string };

export function parseArguments(argv: readonly string[]): ParsedArguments {
  const named = COMMANDS.find((command) => argv.includes(command)) ?? null;
  try {
    return parsed(argv);
  } catch (error) {
    // parseArgs explains a fault in several sentences: the first says what is wrong, the others how to escape positionals
    return { kind: 'wrong', command: named, message: (error as Error).message.split('. ')[0] ?? 'The arguments are not understood' };
  }
}

function parsed(argv: readonly string[]): ParsedArguments {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  const [name, ...more] = positionals;
  const command = COMMANDS.find((known) => known === name) ?? null;
  if (values.help && (name === undefined || command)) return { kind: 'help', command };
  const wrong = (message: string) => ({ kind: 'wrong', command, message }) as const;
  if (name === undefined) return wrong('A command is missing');
  if (!command) return wrong(`There is no command '${name}'`);
  if (more.length > 0) return wrong(`'${more.join(' ')}' is one argument too many`);
  const foreign = (Object.keys(values) as OptionName[]).find((option) => !TAKES[command].includes(option));
  if (foreign) return wrong(`'${command}' has no option '--${foreign}'`);
  const maxId = numberOf('migrationMaxId', values['max-id']);
  if (maxId instanceof Error) return wrong(`--max-id ${maxId.message}`);
  const concurrency = numberOf('concurrency', values.concurrency);
  if (concurrency instanceof Error) return wrong(`--concurrency ${concurrency.message}`);
  const { apply = false, yes = false, json = false } = values;
  return { kind: 'run', request: { command, dryRun: values['dry-run'] ?? false, maxId, concurrency, apply, yes, json } };
}

/** Checks a number by the rule of the setting that the option replaces. */
function numberOf(setting: 'migrationMaxId' | 'concurrency', text: string | undefined): number | null | Error {
  if (text === undefined) return null;
  const checked = parseSetting(setting, /^\d+$/.test(text) ? Number(text) : text);
  return checked.ok ? checked.value : new Error(checked.fields[0]?.message);
}
