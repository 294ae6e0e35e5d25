import { StorageError } from '../../server/src/core/errors';
import { createCommand } from '../../server/src/cli/command';
import { libraryLines } from '../../server/src/cli/library-bar';
import { engineWith, FACTS, jobOf, lines, reasonOf, RUN, runOn, stageIo, STATUS } from './support';

describe('status', () => {
  it('shows mode, library and jobs', async () => {
    const played = stageIo({ columns: 41 });
    const jobs = [
      jobOf('upload', { complete: true, schedule: { enabled: true, expression: '*/2 * * * *', nextRunAt: null }, lastRun: RUN }),
      jobOf('cleanup', { running: true, progress: { ...jobOf('cleanup').progress, etaSeconds: 252 } }),
      jobOf('restore', { blockedBy: reasonOf('CLEANUP_WANTED'), schedule: { enabled: false, expression: null, nextRunAt: null } }),
    ];

    expect(await runOn(played, 'status', engineWith({ jobs: async () => ({ jobs }) }))).toBe(0);

    expect(played.stdout()).toBe(
      lines(
        'Mode  read-write',
        'S3    in use',
        '',
        '██████████████████████████████▓▓▓▓▓▓▓▓░░',
        '█ in S3              3,000 files, 60 MB',
        '▓ in S3 and on disk  800 files, 16 MB',
        '░ on disk            200 files, 4 MB',
        '',
        'upload   complete; schedule on (*/2 * * * *)',
        '         last run 2026-11-23 19:52:39 UTC is complete: 1,000 files, 20 MB',
        'cleanup  running, 3,800 of 4,000, 4 min 12 s left; schedule off',
        'restore  at rest, 3,800 of 4,000',
        `         blocked: ${reasonOf('CLEANUP_WANTED').message}`,
        `         → ${reasonOf('CLEANUP_WANTED').hint}`,
      ),
    );
    expect(played.stderr()).toBe('');
  });

  it('says why S3 is not used or away, what waits and what is stranded', async () => {
    const played = stageIo();
    const tally = { count: 3, bytes: 1_200_000 };
    const status = {
      ...STATUS,
      mode: 'read-only',
      reason: reasonOf('PRODUCTION_ONLY'),
      outage: { since: '2026-11-23T19:52:39.123Z', code: 'UNREACHABLE', detail: null, reads: true, writes: true, unreadable: { count: 0, bytes: 0 } },
      pendingUploads: tally,
      stranded: { ...tally, volumes: [] },
    } as const;
    await runOn(played, 'status', engineWith({ status: async () => ({ ...status, stranded: { ...tally, volumes: [] } }) }));

    expect(played.stdout()).toContain(
      lines(
        'Mode      read-only',
        `          ${reasonOf('PRODUCTION_ONLY').message}`,
        `          → ${reasonOf('PRODUCTION_ONLY').hint}`,
        'S3        away since 2026-11-23 19:52:39 UTC. The S3 endpoint could not be reached.',
        'Waiting   3 files, 1.2 MB: kept on disk while S3 was away, they follow by themselves',
        'Stranded  3 files, 1.2 MB: only on a disk that has vanished',
      ),
    );
  });

  it('--json writes one document', async () => {
    const played = stageIo();
    await runOn(played, 'status --json', engineWith({ jobs: async () => ({ jobs: [jobOf('upload')] }) }));
    expect(JSON.parse(played.stdout())).toEqual({ ...STATUS, jobs: [jobOf('upload')] });
  });

  it('without an engine says so and ends with 3', async () => {
    const played = stageIo();
    const start = async () => Promise.reject(new StorageError('DISK_ERROR'));
    const command = createCommand({ start, facts: async () => FACTS }, played.clock);
    expect(await command.run(['status'], played.io)).toBe(3);
    expect(played.stderr()).toBe(lines(`${reasonOf('NOT_STARTED').message} (DISK_ERROR)`, '→ “doctor” says more.'));
  });
});

describe('the bar of the library', () => {
  it.each([0, 1, 2, 3, 10, 79])('has exactly %d characters at most 60, and one for the rarest part', (width) => {
    const objects = { ...STATUS.objects, local: { count: 1, bytes: 1 }, remote: { count: 1_000_000, bytes: 1 } };
    const [bar] = libraryLines(objects, width);
    expect(bar!.length).toBeLessThanOrEqual(Math.max(3, Math.min(60, width)));
    if (width >= 3) expect(bar).toMatch(/^█+▓+░+$/);
  });

  it('is not drawn for nothing', () => {
    const none = { count: 0, bytes: 0 };
    expect(libraryLines({ ...STATUS.objects, local: none, both: none, remote: none }, 80)).toEqual(['The plugin knows of no file yet.']);
  });
});
