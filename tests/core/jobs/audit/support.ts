import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ErrorCode } from '../../../../server/src/contracts/errors';
import type { LocalName, ObjectKey, VolumeId } from '../../../../server/src/core/keys';
import { auditJob } from '../../../../server/src/core/jobs/audit/job';
import type { AuditParts } from '../../../../server/src/core/jobs/audit/deps';
import type { JobOptions, JobOutcome, NewFinding } from '../../../../server/src/core/runner/job';
import { RunProgress } from '../../../../server/src/core/runner/run-progress';
import { diskTree } from '../../../../server/src/core/store/local/disk-tree';
import type { KnownVolume } from '../../../../server/src/core/volumes/registry';
import { bodyOf, md5Of } from '../../../support/bodies';
import { mediaWorld } from '../../../support/media-world';

const OPTIONS: JobOptions = { dryRun: false, maxId: null, apply: false, concurrency: 4, batchSize: 100, cleanupGraceMs: 0, fromStart: true };
export const DAY = 24 * 3600_000;

/** The media world with everything else that an audit asks, and functions that put things out of order. */
export async function auditWorld(options: { prefix?: string } = {}) {
  const world = await mediaWorld(options);
  const { ledger, bucket, jobs, clock, folder, s3 } = world;
  const prefix = options.prefix ?? '';
  const volumes: KnownVolume[] = [];
  const missing: [ObjectKey, ErrorCode][] = [];
  const library: string[] = [];
  const deps: AuditParts = {
    ...jobs,
    ledger: Object.assign(ledger, {
      recordMissing: async (keys: readonly ObjectKey[], code: ErrorCode) => void missing.push(...keys.map((key): [ObjectKey, ErrorCode] => [key, code])),
    }),
    library: {
      page: async ({ after }) => (after > 0 ? [] : [{ id: 1, provider: 'local', names: library }, { id: 2, provider: 'other', names: ['elsewhere.png'] }]),
      logos: async () => [],
    },
    registry: { list: async () => volumes },
    tree: diskTree(folder),
  };
  let runId = 0;

  const audit = async (request: Partial<JobOptions> = {}, more: { deps?: Partial<AuditParts>; signal?: AbortSignal } = {}) => {
    const findings: NewFinding[] = [];
    const progress = new RunProgress();
    const context = {
      options: { ...OPTIONS, ...request },
      signal: more.signal ?? new AbortController().signal,
      halt: new AbortController().signal,
      hurry: new AbortController().signal,
      progress,
      commit: async () => undefined,
      report: async (found: readonly NewFinding[]) => void findings.push(...found),
      runId: ++runId,
    };
    const outcome: JobOutcome = await auditJob({ ...deps, ...more.deps }).run(context);
    return { outcome, findings, progress: progress.snapshot() };
  };

  return Object.assign(world, {
    deps, volumes, missing, library, audit,
    name: (key: string) => `${prefix}${key}`,
    /** The findings in short: kind, key or name, and action. */
    async found(request: Partial<JobOptions> = {}): Promise<string[]> {
      const { findings } = await audit(request);
      return findings.map(({ kind, key, name, action, applied }) => `${kind} ${key ?? name} ${action}${applied ? ' applied' : ''}`).sort();
    },
    /** Adds keys to the media library. */
    list(...keys: string[]): void {
      library.push(...keys);
      for (const key of keys) world.listed.add(world.key(key));
    },
    /** Makes a file that is in S3 only, as an upload leaves it. */
    async remote(key: string, content = `bytes of ${key}`) {
      await world.put(key, content);
      world.listed.add(world.key(key));
    },
    /** Makes a file that is on disk only, as the inventory records it. */
    async local(key: string, content = `bytes of ${key}`) {
      await writeFile(path.join(folder, key), content);
      await ledger.record([{ key: world.key(key), local: { volume: jobs.volume.id, localName: key as LocalName }, size: content.length }]);
      world.listed.add(world.key(key));
    },
    /** Makes a row `both`. */
    async both(key: string, content = `bytes of ${key}`, volume: VolumeId = jobs.volume.id) {
      await writeFile(path.join(folder, key), content);
      await ledger.record([{ key: world.key(key), local: { volume, localName: key as LocalName }, size: content.length }]);
      const row = (await ledger.find(world.key(key)))!;
      const intent = await ledger.begin({ kind: 'object', key: row.key, locationId: bucket.locationId, prefix, plainFree: true });
      const { etag } = await s3.put(intent.name, bodyOf(content));
      await ledger.commitUploads([{ row, intent, etag, md5: md5Of(content) }]);
      world.listed.add(row.key);
    },
    async file(name: string, content: string, ageMs = 0) {
      const at = path.join(folder, name);
      await mkdir(path.dirname(at), { recursive: true });
      await writeFile(at, content);
      const seconds = (clock.now() - ageMs) / 1000;
      await utimes(at, seconds, seconds);
    },
    async row(key: string) {
      const row = await ledger.find(world.key(key));
      if (!row) throw new Error(`no row of ${key}`);
      return row;
    },
    async objectNameOf(key: string): Promise<string> {
      const { placement } = await this.row(key);
      if (!('remote' in placement)) throw new Error(`${key} is ${placement.state}`);
      return placement.remote.object;
    },
    otherDisk: (id: string, vanished: boolean) => void volumes.push({ id: id as VolumeId, firstSeen: new Date(0), lastSeen: new Date(0), vanished }),
  });
}

export type AuditWorld = Awaited<ReturnType<typeof auditWorld>>;
