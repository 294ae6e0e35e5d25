import { formatBytes, formatDuration, formatFiles, formatTime } from '../../server/src/cli/format';
import { ProgressDisplay } from '../../server/src/cli/progress-display';
import { progressLine } from '../../server/src/cli/progress-line';
import { RateMeter } from '../../server/src/cli/rate';
import { PROGRESS, stageIo, type Played } from './support';

const RATE = { perSecond: 50, bytesPerSecond: 1_000_000, secondsLeft: 130 };

/** The texts that a terminal would have shown, one for each drawing. */
const drawings = (played: Played): string[] => played.stderr().split('\r\u001b[K').slice(1);

describe('numbers', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1 kB'],
    [12_345_678, '12.3 MB'],
    [5e15, '5,000 TB'],
  ])('%d bytes are shown as “%s”', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0.84, '0.8 s'],
    [59.6, '1 min'],
    [252, '4 min 12 s'],
    [7_499, '2 h 5 min'],
    [86_399, '1 d'],
    [100_000, '1 d 4 h'],
  ])('%d seconds are shown as “%s”', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('files are counted with a separator of thousands, and times are shown in UTC', () => {
    expect([formatFiles(1), formatFiles(12_345)]).toEqual(['1 file', '12,345 files']);
    expect(formatTime('2026-11-23T19:52:39.123Z')).toBe('2026-11-23 19:52:39 UTC');
  });
});

describe('the progress line on a terminal', () => {
  it.each([
    [120, 'upload  [█████████████░░░░░░░░░░░░░░░░░]  45 %  450/1,000  9 MB/20 MB  1 MB/s  2 min 10 s left'],
    [90, 'upload  [████░░░░░░]  45 %  450/1,000  9 MB/20 MB  1 MB/s  2 min 10 s left'],
    [64, 'upload  [████░░░░░░]  45 %  450/1,000  1 MB/s  2 min 10 s left'],
    [45, 'upload  45 %  450/1,000  2 min 10 s left'],
    [20, 'upload  45 %'],
    [8, 'upload  '],
  ])('shows as much as fits into %d columns', (columns, text) => expect(progressLine('upload', PROGRESS, RATE, columns)).toBe(text));

  it.each(Array.from({ length: 130 }, (_, columns) => columns))('is never longer than %d columns', (columns) => {
    for (const progress of [PROGRESS, { ...PROGRESS, total: 0, bytesTotal: 0 }, { ...PROGRESS, failed: 12, waitingFor: 'UNREACHABLE' as const }]) {
      expect(progressLine('upload', progress, RATE, columns).length).toBeLessThanOrEqual(columns);
    }
  });

  it('says that the total is not known yet, how many files failed, and that it waits for S3', () => {
    expect(progressLine('audit', { ...PROGRESS, total: 0 }, null, 80)).toBe('audit  looking through the library, 450 files');
    expect(progressLine('upload', { ...PROGRESS, failed: 3, waitingFor: 'UNREACHABLE' }, RATE, 90)).toBe(
      'upload  [████░░░░░░]  45 %  450/1,000  9 MB/20 MB  waiting for S3  3 failed',
    );
  });

  it('is at 100 % when every file is done or failed, whatever the bytes, and never above', () => {
    expect(progressLine('upload', { ...PROGRESS, done: 990, failed: 10 }, null, 50)).toContain('100 %');
    expect(progressLine('upload', { ...PROGRESS, done: 999, bytesDone: 21_000_000 }, null, 50)).toContain('100 %');
  });
});

describe('the rate', () => {
  it('is measured over the last seconds, and the time left follows the slower of files and bytes', () => {
    const meter = new RateMeter();
    expect(meter.rate(PROGRESS)).toBeNull();
    meter.add({ ...PROGRESS, done: 0, bytesDone: 0 }, 0);
    meter.add({ ...PROGRESS, done: 400, bytesDone: 8_000_000 }, 60_000);
    expect(meter.rate(PROGRESS)).toBeNull();
    meter.add(PROGRESS, 65_000);
    expect(meter.rate(PROGRESS)).toEqual({ perSecond: 10, bytesPerSecond: 200_000, secondsLeft: 55 });
    expect(meter.rate({ ...PROGRESS, bytesTotal: 29_000_000 })?.secondsLeft).toBe(100);
  });

  it('gives no time left while nothing moves', () => {
    const meter = new RateMeter();
    meter.add(PROGRESS, 0);
    meter.add(PROGRESS, 5_000);
    expect(meter.rate(PROGRESS)?.secondsLeft).toBeNull();
  });
});

describe('the progress display', () => {
  it('draws in place on a terminal, about ten times a second at most, and removes itself at the end', async () => {
    const played = stageIo({ isTTY: true, columns: 60 });
    const display = new ProgressDisplay('upload', played.io.stderr, played.clock);
    for (let done = 0; done < 1_000; done++) {
      await played.clock.advance(1);
      display.update({ ...PROGRESS, done });
    }
    display.stop();

    const drawn = drawings(played);
    expect(drawn.length).toBeGreaterThan(5);
    expect(drawn.length).toBeLessThanOrEqual(1 + 10 + 1);
    expect(played.stderr()).not.toContain('\n');
    expect(drawn.at(-1)).toBe('');
  });

  it('draws itself again each second on a terminal while the run reports nothing', async () => {
    const played = stageIo({ isTTY: true });
    const display = new ProgressDisplay('upload', played.io.stderr, played.clock);
    await played.clock.advance(5_000);
    expect(drawings(played)).toHaveLength(6);
    display.stop();
    await played.clock.advance(5_000);
    expect(drawings(played)).toHaveLength(7);
  });

  it('writes a line at the start and every 10 seconds where there is no terminal', async () => {
    const played = stageIo();
    const display = new ProgressDisplay('upload', played.io.stderr, played.clock);
    for (let second = 0; second < 25; second++) {
      await played.clock.advance(1_000);
      display.update({ ...PROGRESS, done: second * 10, bytesDone: second * 200_000 });
    }
    display.stop();

    const written = played.stderr().split('\n').slice(0, -1);
    expect(written).toHaveLength(3);
    expect(written[0]).toBe('upload: looking through the library, 0 files');
    expect(written[2]).toMatch(/^upload: \d+ of 1,000 files \(\d+ %\), [\d.]+ MB of 20 MB, \d(\.\d)? files\/s, [\d.]+ kB\/s, .* left$/);
    expect(played.stderr()).not.toContain('\r');
  });

  it('says once that it waits for S3, and once that S3 answers again', () => {
    const played = stageIo();
    const display = new ProgressDisplay('upload', played.io.stderr, played.clock);
    const seen = [[0, 'UNREACHABLE'], [0, undefined], [0, 'UNREACHABLE'], [1, undefined], [2, undefined]] as const;
    for (const [done, waitingFor] of seen) display.update({ ...PROGRESS, done, waitingFor });
    display.stop();

    expect(played.stderr().split('\n').slice(1, -1)).toEqual([
      'The S3 endpoint could not be reached. It goes on by itself when S3 answers again.',
      'S3 answers again.',
    ]);
  });
});
