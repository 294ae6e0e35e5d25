import type { StatusAnswer } from '../../server/src/contracts/api';
import type { AuditResult, JobAnswer } from '../../server/src/contracts/jobs';
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

  it('says why S3 is read-only and since when it is away, and counts unreadable, waiting and stranded files', async () => {
    const played = stageIo();
    const tally = { count: 3, bytes: 1_200_000 };
    const status = {
      ...STATUS,
      mode: 'read-only',
      reason: reasonOf('PRODUCTION_ONLY'),
      outage: { since: '2026-11-23T19:52:39.123Z', code: 'UNREACHABLE', detail: null, reads: true, writes: true, unreadable: { count: 58, bytes: 5_800 } },
      pendingUploads: tally,
      stranded: { ...tally, volumes: [] },
    } as const;
    await runOn(played, 'status', engineWith({ status: async () => ({ ...status, stranded: { ...tally, volumes: [] } }) }));

    expect(played.stdout()).toContain(
      lines(
        'Mode        read-only',
        `            ${reasonOf('PRODUCTION_ONLY').message}`,
        `            → ${reasonOf('PRODUCTION_ONLY').hint}`,
        'S3          away since 2026-11-23 19:52:39 UTC. The S3 endpoint could not be reached.',
        'Unreadable  58 files, 5.8 kB: only in S3, and nobody can open them now',
        'Waiting     3 files, 1.2 MB: kept on disk while S3 was away, they follow by themselves',
        'Stranded    3 files, 1.2 MB: only on a disk that has vanished',
      ),
    );
  });

  const shown = async (status: Partial<StatusAnswer>, ...jobs: JobAnswer[]) => {
    const played = stageIo();
    await runOn(played, 'status', engineWith({ status: async () => ({ ...STATUS, ...status }), jobs: async () => ({ jobs }) }));
    return played.stdout();
  };
  const nothing = { count: 0, bytes: 0 };
  const empty = { local: nothing, both: nothing, remote: nothing, trash: nothing, missing: nothing, lost: nothing, failed: nothing };

  it('says whether S3 refuses, stores nothing, cannot be read, is only read, or is off with files in it', async () => {
    const outage = { since: '2026-11-23T19:52:39.123Z', code: 'INVALID_ACCESS_KEY', detail: null, reads: true, writes: true, unreadable: nothing } as const;
    expect(await shown({ outage })).toMatch(/^S3 +refuses since /m);
    expect(await shown({ outage: { ...outage, reads: false } })).toMatch(/^S3 +stores nothing since /m);
    expect(await shown({ outage: { ...outage, writes: false, detail: 'AccessDenied' } })).toMatch(/^S3 +cannot be read since .+\(AccessDenied\)$/m);
    expect(await shown({ mode: 'read-only' })).toMatch(/^S3 +read, and never changed$/m);
    expect(await shown({ mode: 'off', reason: reasonOf('NOT_CONFIGURED') })).toMatch(/^Unreadable +3,000 files, 60 MB: only in S3/m);
  });

  it('counts the items of the library before the plugin was ever configured, and calls no job complete', async () => {
    const jobs = (['upload', 'restore', 'purge', 'audit'] as const).map((name) =>
      jobOf(name, { complete: true, looked: false, progress: { ...jobOf(name).progress, done: 0, total: 0 } }));
    const text = await shown({ mode: 'off', reason: reasonOf('NOT_CONFIGURED'), objects: empty, library: { items: 12, untaken: 12 } }, ...jobs);
    expect(text).toContain('12 items of the media library have not been looked at yet: “upload --dry-run” says what would be moved to S3.\n');
    expect(text).toMatch(/^upload +nothing looked at yet;/m);
    expect(text).toMatch(/^restore +nothing looked at yet;/m);
    expect(text).toMatch(/^purge +no deleted file waits;/m);
    expect(text).toMatch(/^audit +never run;/m);
    expect(text).not.toMatch(/complete|knows of no file/);
  });

  it('says what an audit found and what it did not look at', async () => {
    const audit = { bucket: 'checked', disk: true, findings: 0, applied: 0, lost: 0 } as const;
    const of = (over: Partial<AuditResult>) => shown({}, jobOf('audit', { complete: true, lastRun: { ...RUN, job: 'audit', audit: { ...audit, ...over } } }));
    expect(await of({})).toMatch(/^audit +all in order;/m);
    expect(await of({ bucket: 'unchecked' })).toMatch(/^audit +the bucket was not looked at;/m);
    expect(await of({ findings: 3, applied: 1 })).toMatch(/^audit +2 problems;/m);
    expect(await of({ findings: 2, lost: 2, bucket: 'partly' })).toMatch(/^audit +2 files nowhere, not everything was looked at;/m);
  });

  it('counts files that were found nowhere as not found, and not a second time as failed', async () => {
    const text = await shown({ objects: { ...STATUS.objects, missing: { count: 2, bytes: 0 }, failed: { count: 3, bytes: 40 } } });
    expect(text).toMatch(/^ {2}not found +2 files$/m);
    expect(text).toMatch(/^ {2}of these failed +1 file, 40 bytes$/m);
  });

  it('--json writes one document', async () => {
    const played = stageIo();
    await runOn(played, 'status --json', engineWith({ jobs: async () => ({ jobs: [jobOf('upload')] }) }));
    expect(JSON.parse(played.stdout())).toEqual({ ...STATUS, jobs: [jobOf('upload')] });
  });

  it('--json escapes characters that would reverse the direction of text in a terminal', async () => {
    const played = stageIo();
    const node = { ...STATUS.node, volume: 'x.jpg\u202egnp\u200f\u061c' };
    await runOn(played, 'status --json', engineWith({ status: async () => ({ ...STATUS, node }) }));
    expect(played.stdout()).toContain('x.jpg\\u202egnp\\u200f\\u061c');
    expect(JSON.parse(played.stdout()).node).toEqual(node);
  });

  it('says that the plugin could not start, and ends with 3', async () => {
    const played = stageIo();
    const start = async () => Promise.reject(new StorageError('DISK_ERROR'));
    const command = createCommand({ start, facts: async () => FACTS }, played.clock);
    expect(await command.run(['status'], played.io)).toBe(3);
    expect(played.stderr()).toBe(lines(`${reasonOf('NOT_STARTED').message} (DISK_ERROR)`, '→ “doctor” says more.'));
  });
});

describe('the bar of the library', () => {
  it.each([0, 1, 2, 3, 10, 79])('stays within 60 characters, and shows even the rarest part where there is room: %d columns', (width) => {
    const objects = { ...STATUS.objects, local: { count: 1, bytes: 1 }, remote: { count: 1_000_000, bytes: 1 } };
    const [bar] = libraryLines(objects, width);
    expect(bar!.length).toBeLessThanOrEqual(Math.max(3, Math.min(60, width)));
    if (width >= 3) expect(bar).toMatch(/^█+▓+░+$/);
  });

  it('gives way to a sentence when the plugin knows of no file', () => {
    const none = { count: 0, bytes: 0 };
    expect(libraryLines({ ...STATUS.objects, local: none, both: none, remote: none }, 80)).toEqual(['The plugin knows of no file yet.']);
  });
});
