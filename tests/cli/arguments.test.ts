import { COMMANDS, parseArguments } from '../../server/src/cli/arguments';
import { engineWith, runOn, stageIo } from './support';

const DEFAULTS = { dryRun: false, maxId: null, concurrency: null, apply: false, yes: false, json: false };

describe('arguments', () => {
  it.each([
    ['status', { command: 'status' }],
    ['--json status', { command: 'status', json: true }],
    ['upload --dry-run --max-id 500 --concurrency=16', { command: 'upload', dryRun: true, maxId: 500, concurrency: 16 }],
    ['cleanup -y', { command: 'cleanup', yes: true }],
    ['audit --apply --yes', { command: 'audit', apply: true, yes: true }],
  ])('“%s” is read as a command with its options', (line, expected) => {
    expect(parseArguments(line.split(' '))).toEqual({ kind: 'run', request: { ...DEFAULTS, ...expected } });
  });

  it.each([
    ['', 'A command is missing'],
    ['purge', 'There is no command \'purge\''],
    ['upload now', '\'now\' is one argument too many'],
    ['upload --force', 'Unknown option \'--force\''],
    ['status --dry-run', '\'status\' has no option \'--dry-run\''],
    ['upload --apply', '\'upload\' has no option \'--apply\''],
    ['upload --max-id', 'Option \'--max-id <value>\' argument missing'],
    ['upload --max-id 0', '--max-id '],
    ['upload --max-id 1.5', '--max-id '],
    ['upload --max-id -1', 'Option \'--max-id\' argument is ambiguous'],
    ['upload --concurrency many', '--concurrency '],
    ['upload --concurrency 100000', '--concurrency '],
    ['upload --json=yes', 'Option \'--json\' does not take an argument'],
  ])('“%s” is refused: usage on stderr, nothing on stdout, exit 2, and nothing is started', async (line, message) => {
    const played = stageIo();
    const start = jest.fn(async () => engineWith());

    expect(await runOn(played, line, { ...engineWith(), runNow: start as never })).toBe(2);

    expect(played.stderr()).toContain(message);
    expect(played.stderr()).toContain('npx strapi-plugin-s3-storage');
    expect(played.stdout()).toBe('');
    expect(start).not.toHaveBeenCalled();
  });

  it('--help lists all commands, and after the name of a command shows its usage and examples', async () => {
    const all = stageIo();
    expect(await runOn(all, '--help')).toBe(0);
    for (const command of COMMANDS) expect(all.stdout()).toContain(`\n  ${command} `);

    for (const command of COMMANDS) {
      const one = stageIo();
      expect(await runOn(one, `${command} --help`)).toBe(0);
      expect(one.stdout()).toContain(`npx strapi-plugin-s3-storage ${command} [options]`);
      expect(one.stdout()).toContain('Examples');
    }
  });

  it('the help of a command lists every option that it takes, and no other', async () => {
    for (const command of COMMANDS) {
      const played = stageIo();
      await runOn(played, `${command} -h`);
      const shown = new Set([...played.stdout().matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name!));
      for (const option of ['dry-run', 'max-id', 'concurrency', 'apply', 'yes', 'json']) {
        const value = option === 'max-id' || option === 'concurrency' ? ['5'] : [];
        expect([command, option, parseArguments([command, `--${option}`, ...value]).kind]).toEqual([command, option, shown.has(option) ? 'run' : 'wrong']);
      }
    }
  });
});
