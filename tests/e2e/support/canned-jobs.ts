import type { Page } from 'playwright-core';

import type { StatusAnswer } from '../../../server/src/contracts/api';
import type { JobAnswer, JobName, ReportAnswer } from '../../../server/src/contracts/jobs';
import type { ObjectEntry } from '../../../server/src/contracts/objects';
import { jobOf } from '../../support/job-answers';

/** A server's answers to the migration page, and the changes that the page asked for. */
export interface CannedJobs {
  jobs: Partial<Record<JobName, Partial<JobAnswer>>>;
  objects: Partial<StatusAnswer['objects']>;
  library: StatusAnswer['library'];
  leaving: boolean;
  failed: ObjectEntry[];
  report: ReportAnswer | null;
  /** The status and the error with which the server refuses the next change. */
  refusal: { status: number; error: { message: string; details: Record<string, unknown> } } | null;
  /** Each change that came, as `METHOD path body`. */
  readonly changes: string[];
  /** The number of times that the page asked for the jobs. */
  polls: number;
}

const none = { count: 0, bytes: 0 };
const LEAVING = { code: 'LEAVING', message: 'S3 is no longer used.', hint: 'Restore.' } as const;

/** Answers with states that are slow or rare on a real server. The page's looks do not depend on how they come about. */
export async function cannedJobs(page: Page): Promise<CannedJobs> {
  const canned: CannedJobs = { jobs: {}, objects: {}, library: { items: 0, untaken: 0 }, leaving: false, failed: [], report: null, refusal: null, changes: [], polls: 0 };
  const state = () => ({ mode: canned.leaving ? 'read-only' : 'read-write', reason: canned.leaving ? LEAVING : null });
  const settings = () => ({
    ...state(),
    settings: { bucket: 'media', onOutage: 'local', leaving: canned.leaving, migrationMaxId: null },
    sources: {},
  });
  const status = () => ({
    ...state(),
    breaker: { state: 'closed', since: null, lastError: null },
    outage: null,
    objects: { local: none, both: none, remote: none, trash: none, lost: none, missing: none, failed: none, ...canned.objects },
    library: canned.library,
    pendingUploads: none,
    stranded: { ...none, volumes: [] },
    incidents: [],
    node: { volume: 'v', production: true, ephemeral: null, disk: null, twin: false, memory: { count: 0, bytes: 0 } },
  });
  const answerTo = (path: string, query: URLSearchParams): unknown => {
    if (path === '/jobs') {
      canned.polls++;
      return { jobs: (['upload', 'cleanup', 'restore', 'relocate', 'purge', 'audit'] as const).map((name) => jobOf(name, canned.jobs[name])) };
    }
    if (path === '/status') return status();
    if (path.startsWith('/settings')) return settings();
    if (path === '/objects') {
      const [number, size] = [Number(query.get('page')), Number(query.get('pageSize'))];
      return { results: canned.failed.slice((number - 1) * size, number * size), pagination: { page: number, pageSize: size, total: canned.failed.length } };
    }
    if (path.endsWith('/report')) return canned.report ?? { run: null, counts: [], results: [], pagination: { page: 1, pageSize: 10, total: 0 } };
    return { count: canned.failed.length };
  };

  await page.route(/\/s3-storage\/(jobs|status|settings|objects)/, async (route) => {
    const request = route.request();
    const { pathname, searchParams } = new URL(request.url());
    const path = pathname.replace('/s3-storage', '');
    if (request.method() !== 'GET') {
      canned.changes.push(`${request.method()} ${path} ${request.postData() ?? ''}`);
      const { refusal } = canned;
      canned.refusal = null;
      if (refusal) {
        await route.fulfill({ status: refusal.status, json: { data: null, error: { status: refusal.status, name: 'StorageError', ...refusal.error } } });
        return;
      }
    }
    await route.fulfill({ status: path.endsWith('/start') ? 202 : 200, json: answerTo(path, searchParams) });
  });
  return canned;
}
