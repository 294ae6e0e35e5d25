import type { AuditResult, RunEntry } from '../../server/src/contracts/jobs';
import { StorageError } from '../../server/src/core/errors';
import type { AdminApi } from '../../server/src/core/admin/admin-api';
import { settle } from '../support/fake-clock';
import { engineWith, type Answers, jobOf, lines, NO_REPORT, PROGRESS, reasonOf, RUN, runOn, stageIo, STATUS } from './support';

const FAILED_OBJECT = {
  key: 'photo_1.jpg', state: 'local', origin: 'library', size: 1_200_000, mime: null, attempts: 1,
  lastError: reasonOf('ACCESS_DENIED'), volume: 'disk-1', stranded: false, rev: 1,
} as const;

/** A dry run as the plans of core make it: it counts the expected work and does none. */
const DRY_RUN: RunEntry = { ...RUN, dryRun: true, done: 0, bytesDone: 0 };

/** An engine whose run takes `seconds` by the clock of the stage. */
function slow(played: ReturnType<typeof stageIo>, seconds: number, more: Partial<Answers> = {}): AdminApi {
  return engineWith({
    runNow: async (_name, _options, { onProgress }) => {
      onProgress(PROGRESS);
      await played.clock.sleep(seconds * 1000);
      return RUN;
    },
    ...more,
  });
}

describe('upload', () => {
  it('shows progress on stderr, sums up on stdout, and ends with 0', async () => {
    const played = stageIo();
    const ended = runOn(played, 'upload', slow(played, 25));
    await played.clock.advance(25_000);

    expect(await ended).toBe(0);
    expect(played.stdout()).toBe(lines('The upload is complete: 1,000 files, 20 MB uploaded in 25 s (40 files/s, 800 kB/s).'));
    expect(played.stderr().split('\n').slice(0, -1)).toHaveLength(3);
  });

  it('passes its options to the engine, and no limit that nobody has given', async () => {
    const runNow = jest.fn<Promise<typeof RUN>, Parameters<AdminApi['runNow']>>(async () => RUN);
    await runOn(stageIo(), 'upload --max-id 500 --concurrency 16', engineWith({ runNow }));
    await runOn(stageIo(), 'upload', engineWith({ runNow }));

    expect(runNow.mock.calls.map(([name, options]) => [name, options])).toEqual([
      ['upload', { dryRun: false, apply: false, maxId: 500, concurrency: 16 }],
      ['upload', { dryRun: false, apply: false }],
    ]);
  });

  it('lists the first failures by reason, says where the others are, and ends with 1', async () => {
    const played = stageIo();
    const results = Array.from({ length: 10 }, (_, index) => ({
      ...FAILED_OBJECT,
      key: index === 9 ? 'evil\u001b[2J.jpg' : `photo_${index}.jpg`,
      lastError: reasonOf(index < 8 ? 'ACCESS_DENIED' : 'NOT_ON_DISK'),
    }));
    const objects = jest.fn(async () => ({ results, pagination: { page: 1, pageSize: 10, total: 12 } }));

    expect(await runOn(played, 'upload', engineWith({ objects, runNow: async () => ({ ...RUN, failed: 12 }) }))).toBe(1);

    expect(played.stdout()).toBe(
      lines(
        'The upload is complete: 1,000 files, 20 MB uploaded in 0 s.',
        'Failed: 12 files',
        '  ACCESS_DENIED: S3 knows the credentials, but they may not do this.',
        '  → Grant this key s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket.',
        ...[0, 1, 2, 3, 4, 5, 6, 7].map((index) => `      photo_${index}.jpg (1.2 MB)`),
        '  NOT_ON_DISK: The media library lists this file, but it is neither on this disk nor in the bucket.',
        '  → Put it back into the uploads folder or the bucket, and retry. Another server’s disk may have it too.',
        '      photo_8.jpg (1.2 MB)',
        '      evil�[2J.jpg (1.2 MB)',
        '  and 2 more: Settings → S3 Storage → Migration lists them all, where each can be tried again.',
      ),
    );
    expect(objects).toHaveBeenCalledWith({ failed: 'true', state: 'local', page: '1', pageSize: '10' });
  });

  it('reports as failed only files that are failed after the last round, each of them once', async () => {
    const rounds: AdminApi['runNow'] = async (_name, _options, { onProgress, onPaused }) => {
      for (let round = 0; round < 3; round++) {
        onProgress({ ...PROGRESS, done: 333, total: 335, failed: 2 });
        onPaused('DISK_ERROR');
      }
      return { ...RUN, done: 1, total: 1 };
    };
    const played = stageIo();
    expect(await runOn(played, 'upload', engineWith({ runNow: rounds }))).toBe(0);
    expect(played.stdout()).toContain('The upload is complete: 1,000 files');
    expect(played.stdout()).not.toContain('Failed');

    const left = stageIo();
    const objects = async () => ({ results: [FAILED_OBJECT], pagination: { page: 1, pageSize: 10, total: 1 } });
    expect(await runOn(left, 'upload', engineWith({ runNow: rounds, objects }))).toBe(1);
    expect(left.stdout()).toContain('Failed: 1 file\n');
  });

  it('--dry-run says what it would do, with how many requests, and why it would pass some files by', async () => {
    const played = stageIo();
    const run: RunEntry = {
      ...DRY_RUN,
      requests: { list: 2, head: 0, get: 0, put: 1_000, delete: 0 },
      skipped: [{ code: 'OTHER_PROVIDER', count: 12, bytes: 0 }, { code: 'IN_S3', count: 1_500, bytes: 30_000_000 }],
    };

    expect(await runOn(played, 'upload --dry-run', engineWith({ runNow: async () => run }))).toBe(0);

    expect(played.stdout()).toBe(
      lines(
        'A dry run, nothing was changed. Would be uploaded: 1,000 files, 20 MB.',
        'Requests to S3: 2 LIST, 1,000 PUT',
        'Passed by:',
        '  12 files            kept by another upload provider',
        '  1,500 files, 30 MB  in S3 already',
      ),
    );
  });

  it('--dry-run lists files that failed when last tried, and ends with 1', async () => {
    const failed = { kind: 'failed', key: 'photo_1.jpg', name: null, size: 1_200_000, reason: reasonOf('FILE_CHANGED'), action: 'none', applied: false } as const;
    const report = jest.fn(async () => ({ ...NO_REPORT, results: [failed], pagination: { page: 1, pageSize: 10, total: 1 } }));
    const played = stageIo();
    expect(await runOn(played, 'cleanup --dry-run', engineWith({ runNow: async () => DRY_RUN, report }))).toBe(1);
    expect(report.mock.calls).toEqual([['cleanup', { page: '1', pageSize: '10', kind: 'failed' }]]);
    expect(played.stdout()).toBe(
      lines(
        'A dry run, nothing was changed. Would be removed from this disk: 1,000 files, 20 MB.',
        'Requests to S3: 1 LIST, 1,000 PUT',
        'Failed when last tried: 1 file',
        `  FILE_CHANGED: ${reasonOf('FILE_CHANGED').message}`,
        `  → ${reasonOf('FILE_CHANGED').hint}`,
        '      photo_1.jpg (1.2 MB)',
      ),
    );
  });

  describe('a dry run of a restore for which the disk is too small', () => {
    const lacking = { kind: 'failed', key: null, name: null, size: 36_000_000, reason: reasonOf('DISK_TOO_SMALL'), action: 'none', applied: false } as const;
    const engine = engineWith({
      runNow: async () => ({ ...DRY_RUN, job: 'restore', requests: { list: 0, head: 0, get: 1_000, put: 0, delete: 0 } }),
      report: async () => ({ ...NO_REPORT, results: [lacking], pagination: { page: 1, pageSize: 10, total: 1 } }),
    });

    it('says how many bytes are missing and what to do, and ends with 1', async () => {
      const played = stageIo();
      expect(await runOn(played, 'restore --dry-run', engine)).toBe(1);
      expect(played.stdout()).toBe(
        lines(
          'A dry run, nothing was changed. Would be back on this disk: 1,000 files, 20 MB.',
          'Requests to S3: 1,000 GET',
          'In its way:',
          `  DISK_TOO_SMALL: ${reasonOf('DISK_TOO_SMALL').message} 36 MB more are needed.`,
          `  → ${reasonOf('DISK_TOO_SMALL').hint}`,
        ),
      );
    });

    it('reports an obstacle with --json, and no file that failed', async () => {
      const played = stageIo();
      expect(await runOn(played, 'restore --dry-run --json', engine)).toBe(1);
      expect(JSON.parse(played.stdout())).toMatchObject({ run: { failed: 0 }, failures: [], obstacles: [{ reason: reasonOf('DISK_TOO_SMALL'), bytes: 36_000_000 }] });
    });
  });

  it('--dry-run counts only the run that began anew after an outage', async () => {
    const played = stageIo();
    const runNow: AdminApi['runNow'] = async (_name, _options, { onProgress, onPaused }) => {
      onProgress({ ...DRY_RUN, total: 600, bytesTotal: 12_000_000, skipped: [{ code: 'IN_S3', count: 5, bytes: 0 }] });
      onPaused('UNREACHABLE');
      return { ...DRY_RUN, skipped: [{ code: 'IN_S3', count: 7, bytes: 0 }] };
    };
    await runOn(played, 'cleanup --dry-run', engineWith({ runNow }));
    expect(played.stdout()).toContain('Would be removed from this disk: 1,000 files, 20 MB.\nRequests to S3: 1 LIST, 1,000 PUT\nPassed by:\n  7 files');
  });

  it('adds up the runs into which an outage of S3 splits it', async () => {
    const played = stageIo();
    const first = { ...PROGRESS, skipped: [{ code: 'IN_S3' as const, count: 5, bytes: 0 }] };
    const second: RunEntry = { ...RUN, done: 550, total: 550, bytesDone: 11_000_000, bytesTotal: 11_000_000, skipped: [{ code: 'IN_S3', count: 2, bytes: 0 }] };
    const runNow: AdminApi['runNow'] = async (_name, _options, { onProgress, onPaused }) => {
      onProgress(first);
      onPaused('UNREACHABLE');
      await played.clock.sleep(10_000);
      onProgress({ ...second, done: 1, bytesDone: 20_000 });
      await played.clock.sleep(10_000);
      onProgress(second);
      return second;
    };
    const ended = runOn(played, 'upload', engineWith({ runNow }));
    await played.clock.advance(20_000);

    expect(await ended).toBe(0);
    expect(played.stderr()).toBe(
      lines(
        'upload: looking through the library, 0 files',
        'The S3 endpoint could not be reached. It goes on by itself when S3 answers again.',
        'upload: 450 of 1,000 files (45 %), 9 MB of 20 MB, waiting for S3',
        'S3 answers again.',
        'upload: 451 of 1,000 files (45 %), 9 MB of 20 MB, 23 files/s, 451 kB/s, 24 s left',
      ),
    );
    expect(played.stdout()).toBe(
      lines('The upload is complete: 1,000 files, 20 MB uploaded in 20 s (50 files/s, 1 MB/s).', 'Passed by:', '  7 files  in S3 already'),
    );
  });

  it('says once that it waits for S3, and after a failure of another kind only that it tries again', async () => {
    const played = stageIo();
    const runNow: AdminApi['runNow'] = async (_name, _options, { onProgress, onPaused }) => {
      for (const code of ['NOT_ON_DISK', null, 'UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE'] as const) {
        onProgress({ ...PROGRESS, done: 0, bytesDone: 0 });
        onPaused(code);
        await played.clock.sleep(10_000);
      }
      return RUN;
    };
    const ended = runOn(played, 'upload', engineWith({ runNow }));
    await played.clock.advance(50_000);
    await ended;
    const said = played.stderr().split('\n').filter((line) => !line.startsWith('upload:') && line !== '');
    expect(said).toEqual([
      `${reasonOf('NOT_ON_DISK').message} It is tried again.`,
      'The S3 endpoint could not be reached. It goes on by itself when S3 answers again.',
    ]);
    expect(played.stderr()).toContain('waiting to try again');
    expect(played.stderr()).toContain('waiting for S3');
  });

  it('--json writes one document to stdout and nothing else', async () => {
    const played = stageIo({ isTTY: true });
    const objects = async () => ({ results: [FAILED_OBJECT], pagination: { page: 1, pageSize: 10, total: 1 } });
    await runOn(played, 'upload --json', engineWith({ runNow: async () => ({ ...RUN, failed: 1 }), objects }));

    expect(JSON.parse(played.stdout())).toEqual({
      run: { ...RUN, failed: 1 },
      report: null,
      seconds: 0,
      failures: [{ name: 'photo_1.jpg', size: 1_200_000, reason: reasonOf('ACCESS_DENIED') }],
      obstacles: [],
    });
  });

  it.each([['paused', 1], ['stopped', 1], ['failed', 1], ['complete', 0]] as const)('a run that is %s ends with %d', async (status, code) => {
    const error = status === 'failed' ? reasonOf('INTERNAL') : null;
    const played = stageIo();
    expect(await runOn(played, 'upload', engineWith({ runNow: async () => ({ ...RUN, status, error }) }))).toBe(code);
    if (error) expect(played.stdout()).toContain(`${error.message}\n→ ${error.hint}\n`);
  });
});

it('a restore shows its warning about another disk, and runs all the same', async () => {
  const warning = reasonOf('OTHER_DISK_IN_USE');
  const played = stageIo({});
  const runNow = jest.fn(async () => RUN);
  await runOn(played, 'restore --yes', engineWith({ jobs: async () => ({ jobs: [jobOf('restore', { warning })] }), runNow }));
  expect(played.stderr()).toContain(`${warning.message}\n→ ${warning.hint}`);
  expect(runNow).toHaveBeenCalledTimes(1);
});

describe('a blocked job', () => {
  const blocked = (name: 'cleanup' | 'upload') => ({ jobs: async () => ({ jobs: [jobOf(name, { blockedBy: reasonOf('READ_ONLY') })] }) });

  it('says why and ends with 3, before anybody is asked or anything runs', async () => {
    const played = stageIo({ isTTY: true, answer: 'yes' });
    const runNow = jest.fn();
    expect(await runOn(played, 'cleanup', engineWith({ ...blocked('cleanup'), runNow }))).toBe(3);

    expect(played.stderr()).toBe(lines(`The cleanup cannot begin. ${reasonOf('READ_ONLY').message}`, `→ ${reasonOf('READ_ONLY').hint}`));
    expect(played.questions).toEqual([]);
    expect(runNow).not.toHaveBeenCalled();
  });

  it('lets --dry-run and --max-id through, and a run that is refused ends with 3', async () => {
    expect(await runOn(stageIo(), 'upload --dry-run', engineWith(blocked('upload')))).toBe(0);
    expect(await runOn(stageIo(), 'upload --max-id 5', engineWith(blocked('upload')))).toBe(0);
    const played = stageIo();
    const runNow = async () => Promise.reject(new StorageError('ALREADY_RUNNING'));
    expect(await runOn(played, 'upload --dry-run --json', engineWith({ runNow }))).toBe(3);
    expect(JSON.parse(played.stdout())).toEqual({ error: reasonOf('ALREADY_RUNNING') });
  });

  it('differs from an unexpected failure, which ends with 1 and its message', async () => {
    const played = stageIo();
    expect(await runOn(played, 'upload', engineWith({ runNow: async () => Promise.reject(new Error('no such column')) }))).toBe(1);
    expect(played.stderr()).toContain('upload failed: no such column\n');
    expect(played.stdout()).toBe('');
  });
});

describe('the question before a job', () => {
  const question = 'This removes from this disk the files that are proven to be in S3 (at most 800 files, 16 MB).';

  it.each([['yes', 0], ['YES ', 0], ['y', 1], ['', 1], ['no', 1]])('answered with “%s” lets a cleanup end with %d', async (answer, code) => {
    const played = stageIo({ isTTY: true, answer });
    const runNow = jest.fn(async () => ({ ...RUN, job: 'cleanup' as const }));
    expect(await runOn(played, 'cleanup', engineWith({ runNow }))).toBe(code);
    expect(played.questions).toEqual([`${question}\nType yes to go on: `]);
    expect(runNow).toHaveBeenCalledTimes(code === 0 ? 1 : 0);
  });

  it.each(['cleanup', 'restore', 'audit --apply'])('makes “%s” do nothing where nobody can answer, unless --yes is given', async (line) => {
    const played = stageIo();
    const runNow = jest.fn(async () => RUN);
    expect(await runOn(played, line, engineWith({ runNow }))).toBe(2);
    expect(played.stderr()).toContain('Nobody is there to be asked: say --yes.');
    expect(runNow).not.toHaveBeenCalled();
    expect(await runOn(stageIo(), `${line} --yes`, engineWith({ runNow }))).toBe(0);
    expect(runNow).toHaveBeenCalledTimes(1);
  });

  it.each(['upload', 'audit', 'cleanup --dry-run', 'restore --dry-run'])('does not come before “%s”', async (line) => {
    const played = stageIo({ isTTY: true, answer: 'no' });
    expect(await runOn(played, line)).toBe(0);
    expect(played.questions).toEqual([]);
  });

  it('names the range that --max-id gives', async () => {
    const played = stageIo({ isTTY: true, answer: 'no' });
    await runOn(played, 'restore --max-id 500', engineWith({ status: async () => STATUS }));
    expect(played.questions[0]).toContain('back to this disk (at most 3,000 files, 60 MB, up to id 500).');
  });

  it('names no range for a cleanup, which frees proven files whatever their id', async () => {
    const played = stageIo({ isTTY: true, answer: 'no' });
    await runOn(played, 'cleanup --max-id 500');
    expect(played.questions[0]).toContain(question);
  });
});

describe('audit', () => {
  const counts = [
    { kind: 'orphan-object', action: 'none', count: 3, bytes: 1_000 },
    { kind: 'object-missing', action: 'upload-again', count: 1, bytes: 20_000 },
  ] as const;
  const report = async () => ({ ...NO_REPORT, counts: [...counts] });

  const checked = { bucket: 'checked', disk: true, findings: 0, applied: 0, lost: 0 } as const;
  const withAudit = (audit: AuditResult) => engineWith({ runNow: async () => ({ ...RUN, job: 'audit', audit }) });

  it('ends with 0 when it finds nothing', async () => {
    const played = stageIo();
    expect(await runOn(played, 'audit', withAudit(checked))).toBe(0);
    expect(played.stdout()).toBe(
      lines('The audit is complete: 1,000 files, 20 MB compared in 0 s.', 'Found: nothing. Database, disk and bucket agree.'),
    );
  });

  it.each([
    [{ bucket: 'unchecked' }, 'The bucket was not looked at: S3 is not in use, or did not answer. Only database and disk were compared.'],
    [{ bucket: 'partly' }, 'Not every bucket could be looked at: of some files nobody knows whether their objects are there.'],
    [{ disk: false }, 'The uploads folder was not there: nothing is known of the files on this disk.'],
  ] as const)('says what it did not look at, and ends with 1: %j', async (over, sentence) => {
    const played = stageIo();
    expect(await runOn(played, 'audit', withAudit({ ...checked, ...over }))).toBe(1);
    expect(played.stdout()).toContain(lines(sentence, 'Found: nothing in what was looked at.'));
  });

  it('ends with 1 for a finding that endangers a file, and with 0 for others or with --apply', async () => {
    const played = stageIo();
    expect(await runOn(played, 'audit', engineWith({ report }))).toBe(1);
    expect(played.stdout()).toContain(
      lines(
        'Found:',
        '  3 files, 1 kB  in the bucket, known to nobody',
        '  1 file, 20 kB  not in the bucket → the copy on disk is uploaded under a new name',
      ),
    );
    expect(await runOn(stageIo(), 'audit --apply --yes', engineWith({ report }))).toBe(0);
    expect(await runOn(stageIo(), 'audit', engineWith({ report: async () => ({ ...NO_REPORT, counts: [counts[0]] }) }))).toBe(0);
  });
});

describe('SIGINT', () => {
  const endless = () => {
    const seen: AbortSignal[] = [];
    const engine = engineWith({
      runNow: (_name, _options, { signal }) => {
        seen.push(signal);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ ...RUN, done: 3, status: 'stopped' })));
      },
    });
    return { engine, seen };
  };

  it('lets the run finish the files in hand, sums up, and ends with 130', async () => {
    const played = stageIo();
    const { engine } = endless();
    const ended = runOn(played, 'upload', engine);
    await settle();
    played.interrupt();

    expect(await ended).toBe(130);
    expect(played.stderr()).toContain('Finishing what is in hand; once more ends at once.\n');
    expect(played.stdout()).toContain('The upload was stopped: 3 files');
    expect(played.quitWith()).toBeNull();
  });

  it('ends the process at once when it comes a second time', async () => {
    const played = stageIo();
    const deaf = engineWith({ runNow: () => new Promise(() => undefined) });
    void runOn(played, 'upload', deaf);
    await settle();
    played.interrupt();
    expect(played.quitWith()).toBeNull();
    played.interrupt();
    expect(played.quitWith()).toBe(130);
  });

  it('writes nothing after the run has ended', async () => {
    const played = stageIo();
    await runOn(played, 'upload');
    const before = played.stderr();
    played.interrupt();
    expect(played.stderr()).toBe(before);
  });
});
