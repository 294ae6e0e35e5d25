import type { ClaimAnswer, StatusAnswer, TestAnswer } from '../../server/src/contracts/api';
import { ERRORS, type ErrorCode } from '../../server/src/contracts/errors';
import type { JobAnswer, JobsAnswer, JobName, Reason, ReportAnswer, RunEntry } from '../../server/src/contracts/jobs';
import type { ObjectsAnswer } from '../../server/src/contracts/objects';
import type { SettingsAnswer } from '../../server/src/contracts/settings';
import { createCommand } from '../../server/src/cli/command';
import type { HostFacts } from '../../server/src/cli/command-host';
import type { AdminApi } from '../../server/src/core/admin/admin-api';
import type { ProgressSnapshot } from '../../server/src/core/runner/run-progress';
import type { CommandIo } from '../../server/src/cli/io';
import { sourcesOf, STORED } from '../admin/support';
import { FakeClock } from '../support/fake-clock';

export const reasonOf = (code: ErrorCode): Reason => ({ code, ...ERRORS[code] });

const NONE = { count: 0, bytes: 0 };

export const STATUS: StatusAnswer = {
  mode: 'read-write',
  reason: null,
  breaker: { state: 'closed', since: null, lastError: null },
  outage: null,
  objects: {
    local: { count: 200, bytes: 4_000_000 },
    both: { count: 800, bytes: 16_000_000 },
    remote: { count: 3_000, bytes: 60_000_000 },
    trash: NONE,
    missing: NONE,
    lost: NONE,
    failed: NONE,
  },
  library: { items: 1_000, untaken: 0 },
  pendingUploads: NONE,
  stranded: { ...NONE, volumes: [] },
  incidents: [],
  node: { volume: 'disk-1', production: true, ephemeral: null, disk: null, twin: false, memory: { count: 0, bytes: 0 } },
};

export const SETTINGS: SettingsAnswer = { settings: STORED, sources: sourcesOf('database'), mode: 'read-write', reason: null };

export const RUN: RunEntry = {
  id: 7,
  job: 'upload',
  trigger: 'command',
  dryRun: false,
  status: 'complete',
  startedAt: '2026-11-23T19:52:39.123Z',
  endedAt: '2026-11-23T19:56:51.000Z',
  volume: 'disk-1',
  done: 1_000,
  total: 1_000,
  failed: 0,
  bytesDone: 20_000_000,
  bytesTotal: 20_000_000,
  requests: { list: 1, head: 0, get: 0, put: 1_000, delete: 0 },
  skipped: [],
  error: null,
};

export const PROGRESS: ProgressSnapshot = {
  done: 450, total: 1_000, failed: 0, bytesDone: 9_000_000, bytesTotal: 20_000_000, requests: RUN.requests, skipped: [],
};

export const jobOf = (name: JobName, more: Partial<JobAnswer> = {}): JobAnswer => ({
  name,
  running: false,
  wanted: false,
  complete: false,
  progress: { done: 3_800, total: 4_000, failed: 0, bytesDone: 76_000_000, bytesTotal: 80_000_000, perSecond: null, bytesPerSecond: null, etaSeconds: null },
  schedule: { enabled: false, expression: '*/2 * * * *', nextRunAt: null },
  lastRun: null,
  lastDryRun: null,
  blockedBy: null,
  warning: null,
  ...more,
});

export const NO_REPORT: ReportAnswer = { run: null, counts: [], results: [], pagination: { page: 1, pageSize: 10, total: 0 } };
export const NO_OBJECTS: ObjectsAnswer = { results: [], pagination: { page: 1, pageSize: 10, total: 0 } };

export const FACTS: HostFacts = {
  providerIsLocal: true,
  foreignMethods: [],
  folderReaders: [],
  encryptedWith: 'admin.secrets.encryptionKey',
  missingMigrations: [],
  uploads: { folder: '/app/public/uploads', trouble: null, freeBytes: 50e9, ephemeral: null },
};

const PASSED = { ok: true, ms: 12.4, code: null, hint: null } as const;

/** The answers that the command line reads. */
export interface Answers {
  settings(): Promise<SettingsAnswer>;
  test(): Promise<TestAnswer>;
  status(): Promise<StatusAnswer>;
  objects: AdminApi['objects']['page'];
  jobs(): Promise<JobsAnswer>;
  report: AdminApi['jobs']['report'];
  runNow: AdminApi['runNow'];
  claimPreview(): Promise<ClaimAnswer>;
  claim: AdminApi['claim']['claim'];
}

/** The answer of a server on a copy of production's database. */
export const CLAIM: ClaimAnswer = {
  reason: reasonOf('DATABASE_COPY'),
  area: { endpoint: 'https://s3.test', bucket: 'media', prefix: 'site/' },
  owner: { id: 'owner-1', server: 'web-1', seenAt: '2026-11-23T19:52:39.123Z' },
  uploads: { count: 12, bytes: 3_000_000 },
  deletes: { count: 2, bytes: 40_000 },
};

export const CLAIMED: ClaimAnswer = { ...CLAIM, reason: null };

export const PASSED_TEST: TestAnswer = {
  ok: true,
  steps: [{ name: 'endpoint', message: 'The endpoint answers and speaks S3.', ...PASSED }],
  capabilities: { etagIsMd5: true, conditionalPut: null },
  snippets: [],
};

/** The admin API with these answers, without the methods that change something. */
export function engineWith(more: Partial<Answers> = {}): AdminApi {
  const answers: Answers = {
    settings: async () => SETTINGS,
    test: async () => PASSED_TEST,
    status: async () => STATUS,
    objects: async () => NO_OBJECTS,
    jobs: async () => ({ jobs: [] }),
    report: async () => NO_REPORT,
    runNow: async () => RUN,
    claimPreview: async () => CLAIM,
    claim: async () => CLAIMED,
    ...more,
  };
  const settings = { answer: answers.settings, test: answers.test };
  const claim = { answer: answers.claimPreview, claim: answers.claim };
  const jobs = { answer: answers.jobs, report: answers.report };
  return { settings, claim, jobs, objects: { page: answers.objects }, status: answers.status, runNow: answers.runNow } as unknown as AdminApi;
}

export interface Played {
  readonly io: CommandIo;
  readonly clock: FakeClock;
  /** The text written so far. */
  stdout(): string;
  stderr(): string;
  readonly questions: string[];
  /** Sends a SIGINT. */
  interrupt(): void;
  /** The code with which the command ended the process at once, or null. */
  quitWith(): number | null;
}

/** A process in which commands run. `answer` is the text that somebody types when asked, or null when nobody is there. */
export function stageIo({ isTTY = false, columns = 80, answer = null as string | null } = {}): Played {
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const questions: string[] = [];
  let quit: number | null = null;
  const terminal = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (written[name] += text), isTTY, columns });
  return {
    clock: new FakeClock(),
    questions,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    interrupt: () => listeners.forEach((listener) => listener()),
    quitWith: () => quit,
    io: {
      stdout: terminal('stdout'),
      stderr: terminal('stderr'),
      ask:
        answer === null
          ? null
          : async (question) => {
              questions.push(question);
              return answer;
            },
      onInterrupt: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      quit: (code) => {
        quit = code;
      },
    },
  };
}

/** Runs a command line to its end. @returns the exit code */
export function runOn(played: Played, line: string, engine: AdminApi = engineWith(), facts: HostFacts = FACTS): Promise<number> {
  const host = { start: async () => engine, facts: async () => facts };
  return createCommand(host, played.clock).run(line.split(' ').filter(Boolean), played.io);
}

export const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');
