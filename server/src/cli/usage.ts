import type { CommandName } from './arguments';

const BIN = 'npx strapi-plugin-s3-storage';

const OPTION = {
  dryRun: '  --dry-run         changes nothing, and says what would be done',
  maxId: '  --max-id N        files of the media library up to this id only',
  proven: '  --max-id N        frees what is proven in S3 as soon as the upload up to this id is complete',
  concurrency: '  --concurrency N   largest number of files worked on at once, instead of what the settings say',
  yes: '  --yes, -y         asks nothing; needed where no terminal is',
  json: '  --json            one JSON document at the end, for scripts; progress goes to stderr',
} as const;

interface Usage {
  /** One line in the list of commands. */
  readonly summary: string;
  readonly options: readonly string[];
  readonly examples: readonly string[];
}

const USAGES: Record<CommandName, Usage> = {
  status: {
    summary: 'the mode, the library at a glance, and the jobs',
    options: [OPTION.json],
    examples: ['status', 'status --json'],
  },
  upload: {
    summary: 'phase 1: the files of the media library to S3; the disk keeps them',
    options: [OPTION.dryRun, OPTION.maxId, OPTION.concurrency, OPTION.json],
    examples: ['upload --dry-run', 'upload --concurrency 16', 'upload --max-id 500'],
  },
  cleanup: {
    summary: 'phase 2: removes from this disk what is proven to be in S3',
    options: [OPTION.dryRun, OPTION.proven, OPTION.concurrency, OPTION.yes, OPTION.json],
    examples: ['cleanup --dry-run', 'cleanup', 'cleanup --yes --json'],
  },
  restore: {
    summary: 'brings the files back to this disk',
    options: [OPTION.dryRun, OPTION.maxId, OPTION.concurrency, OPTION.yes, OPTION.json],
    examples: ['restore --dry-run', 'restore --max-id 500', 'restore --yes'],
  },
  relocate: {
    summary: 'moves objects from former buckets and prefixes to the present one',
    options: [OPTION.dryRun, OPTION.concurrency, OPTION.yes, OPTION.json],
    examples: ['relocate --dry-run', 'relocate', 'relocate --yes --json'],
  },
  audit: {
    summary: 'compares database, disk and bucket; changes nothing unless told to',
    options: ['  --apply           puts right what can safely be', OPTION.concurrency, OPTION.yes, OPTION.json],
    examples: ['audit', 'audit --json > audit.json', 'audit --apply'],
  },
  claim: {
    summary: 'makes this database the owner of the bucket, after a move or a restore',
    options: [OPTION.yes, OPTION.json],
    examples: ['claim', 'claim --yes'],
  },
  doctor: {
    summary: 'checks settings, connection, disk and tables one by one',
    options: [OPTION.json],
    examples: ['doctor', 'doctor --json'],
  },
};

const EXITS = `Exit codes: 0 done; 1 ended with failures, or not complete; 2 wrong usage, or not a Strapi project with
this plugin; 3 it could not begin, and says why; 130 interrupted.`;

export function usage(command: CommandName | null): string {
  if (command) {
    const { summary, options, examples } = USAGES[command];
    const lines = [`${BIN} ${command} [options]`, `  ${summary}`, '', 'Options', ...options, '', 'Examples'];
    return [...lines, ...examples.map((example) => `  ${BIN} ${example}`), '', EXITS, ''].join('\n');
  }
  const list = Object.entries(USAGES).map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`);
  const lines = [`${BIN} <command> [options]`, '', 'Run it in the folder of a Strapi project, with the environment of its server.', ''];
  return [...lines, 'Commands', ...list, '', `Options and examples of one: ${BIN} upload --help`, '', EXITS, ''].join('\n');
}
