import type { TestNote, TestStep, TestStepName } from '../../../contracts/api';
import { ERRORS, type ErrorCode } from '../../../contracts/errors';
import { abandonable } from '../../abandonable';
import type { Clock } from '../../clock';
import { codeOf, printable, StorageError } from '../../errors';
import type { PublicVerdict } from '../../public-url/public-url';
import { redact } from '../../settings/redact';

/** Codes whose detail this plugin has written itself. For all other codes the step repeats only the quote to the caller. */
const OWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ENDPOINT_FORBIDDEN', 'INVALID_SETTINGS', 'MARKER_UNREADABLE']);

const DONE: Record<TestStepName, string> = {
  endpoint: 'The endpoint answers and speaks S3.',
  credentials: 'The credentials are accepted.',
  read: 'The bucket can be listed and read.',
  write: 'An object was written.',
  verify: 'The object reads back byte for byte.',
  delete: 'The object was deleted.',
  public: 'Requests for files at the public address reach this plugin.',
};

export function failedStep(name: TestStepName, error: unknown, ms: number, secrets: readonly string[]): TestStep {
  const code = codeOf(error);
  const detail = error instanceof StorageError ? (OWN.has(code) ? error.detail : error.quote) : undefined;
  const message = detail ? `${ERRORS[code].message} (${redact(detail, secrets)})` : ERRORS[code].message;
  return { name, ok: false, ms, code, message, hint: ERRORS[code].hint };
}

/** Returns the step that tells whether visitors reach the plugin. It fails for a fault of the web server, but not for an impossible check. */
export function publicStep({ code, detail }: PublicVerdict, ms: number): TestStep {
  if (code === null) return { name: 'public', ok: true, ms, code, message: DONE.public, hint: null };
  return { name: 'public', ok: code === 'PUBLIC_URL_UNCHECKED', ms, code, message: `${ERRORS[code].message} (${printable(detail)})`, hint: ERRORS[code].hint };
}

/** Collects the steps of one test; after the first failure no further step runs. */
export class StepRecorder {
  readonly steps: TestStep[] = [];
  readonly notes: TestNote[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly secrets: readonly string[],
    private readonly signal: AbortSignal,
  ) {}

  get failed(): boolean {
    return this.steps.some((step) => !step.ok);
  }

  /**
   * Runs one step unless an earlier one has failed, and returns true when it succeeded. It does not wait for `work` that ignores the
   * signal. It records no step when `work` returns 'not tried'.
   */
  async run(name: TestStepName, work: () => Promise<unknown>): Promise<boolean> {
    if (this.failed) return false;
    const begin = this.clock.elapsed();
    try {
      if ((await abandonable(work(), this.signal)) !== 'not tried') this.passed(name, this.clock.elapsed() - begin);
      return true;
    } catch (error) {
      this.fail(name, this.signal.aborted ? this.signal.reason : error, this.clock.elapsed() - begin);
      return false;
    }
  }

  /** Adds a note to the answer. @param what words of S3 or this server, or the setting that the note concerns */
  note(code: ErrorCode, what?: string): void {
    const { message, hint } = ERRORS[code];
    this.notes.push({ code, message: what === undefined ? message : `${message} (${what})`, hint });
  }

  passed(name: TestStepName, ms: number): void {
    this.steps.push({ name, ok: true, ms, code: null, message: DONE[name], hint: null });
  }

  fail(name: TestStepName, error: unknown, ms: number): void {
    this.steps.push(failedStep(name, error, ms, this.secrets));
  }
}
