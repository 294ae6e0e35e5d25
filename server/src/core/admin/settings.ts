import { ERRORS, type ErrorCode } from '../../contracts/errors';
import type { PreviewAnswer, Tally, TestAnswer } from '../../contracts/api';
import type { SettingsAnswer } from '../../contracts/settings';
import { StorageError } from '../errors';
import type { Instance, PermittedSettings } from '../instance';
import { refusedEndpoint, testConnection, type ConnectionTestDeps } from '../buckets/probe/connection-test';
import { publicStep } from '../buckets/probe/steps';
import type { PublicUrlGate } from '../public-url/gate';
import { checkedPatch, withCheckedEndpoint } from '../settings/patch';
import { SettingsRefused } from '../settings/refused';
import { publicSettings } from '../settings/resolve';
import type { SettingsService } from '../settings/service';
import { strayed } from '../settings/strayed';
import type { ResolvedSettings } from '../settings/types';

export interface SettingsApiDeps {
  readonly service: SettingsService;
  readonly instance: Instance;
  readonly probe: ConnectionTestDeps;
  /** Files that settings would lose sight of. */
  outOfSight(settings: PermittedSettings): Promise<Tally>;
  /** Left out: the connection test says nothing about the web server in front. */
  readonly publicUrl?: Pick<PublicUrlGate, 'fresh'>;
  /** Resolves when the settings that were stored last count in this process. */
  applied(): Promise<void>;
  /** The settings in force were tested. */
  onTested(answer: TestAnswer): void;
  /** Ends both phases of the migration. */
  stopMigration(): Promise<void>;
}

/** Where a reason's own sentence cannot say it: which pair of keys it is that belongs to another place. */
function detailOf(reason: ErrorCode, { credentials }: ResolvedSettings): { message?: string } {
  return reason === 'SECRET_REQUIRED' && credentials.kind === 'elsewhere' ? { message: `The secret access key ${strayed(credentials.source)}.` } : {};
}

/** The settings as people may see them, and what this instance may do under them. */
export function answerOf({ settings, sources, mode, reason }: PermittedSettings): SettingsAnswer {
  return { settings: publicSettings(settings), sources: { ...sources }, mode, reason: reason && { code: reason, ...ERRORS[reason], ...detailOf(reason, settings) } };
}

/** What the routes `/settings` do. Bodies are unchecked; what is wrong with them is thrown as {@link SettingsRefused}. */
export class SettingsApi {
  #isTesting = false;

  constructor(private readonly deps: SettingsApiDeps) {}

  async answer(): Promise<SettingsAnswer> {
    await this.deps.service.refresh();
    return answerOf(this.deps.instance.current());
  }

  /** Resolves when the change counts in this process. */
  async update(body: unknown): Promise<SettingsAnswer> {
    await this.deps.service.update(body);
    await this.deps.applied();
    return answerOf(this.deps.instance.current());
  }

  /**
   * “Stop using S3”: from now on new files go to the disk, nothing in the bucket changes, and S3 is only read.
   * @throws StorageError with the reason where S3 is not in use; nothing has changed then
   */
  async leave(): Promise<SettingsAnswer> {
    await this.deps.service.refresh();
    const { mode, reason } = this.deps.instance;
    if (mode !== 'read-write') throw new StorageError(reason ?? 'READ_ONLY', { operation: 'leave', refused: true });
    const answer = await this.update({ leaving: true, uploadScheduleEnabled: false, cleanupScheduleEnabled: false });
    await this.deps.stopMigration();
    return answer;
  }

  /** “Use S3 again”. The schedules stay off. */
  comeBack(): Promise<SettingsAnswer> {
    return this.update({ leaving: null });
  }

  /**
   * What the stored settings, with those of the body in their place, would lose sight of; stores nothing. Changes are not held
   * up by it: whoever makes them is to know beforehand. Refused as in `update`.
   */
  async preview(body: unknown): Promise<PreviewAnswer> {
    const patch = withCheckedEndpoint(checkedPatch(body));
    const { service, instance, outOfSight } = this.deps;
    await service.refresh();
    return { outOfSight: await outOfSight(instance.under(service.preview(patch))) };
  }

  /**
   * Tries the stored settings, with those of the body in their place; stores nothing. An endpoint that cannot be used is
   * a finding of the test; any other bad field is refused as in `update`, and so is the stored secret for another place.
   * One at a time: what a test waits for and holds is bounded, what many at once do is not.
   * @throws StorageError TEST_RUNNING while another one is under way
   */
  async test(body: unknown): Promise<TestAnswer> {
    const patch = checkedPatch(body);
    if (this.#isTesting) throw new StorageError('TEST_RUNNING', { operation: 'test', refused: true });
    this.#isTesting = true;
    try {
      const answer = await this.#test(patch);
      // without a patch the test was of the settings in force: its findings are true for everybody
      if (Object.keys(patch).length === 0) this.deps.onTested(answer);
      return answer;
    } finally {
      this.#isTesting = false;
    }
  }

  async #test(patch: ReturnType<typeof checkedPatch>): Promise<TestAnswer> {
    const { service, instance, probe, publicUrl } = this.deps;
    await service.refresh();
    try {
      withCheckedEndpoint(patch);
    } catch (error) {
      if (!(error instanceof SettingsRefused)) throw error;
      return refusedEndpoint(new StorageError(error.code, { detail: error.fields[0]?.message }));
    }
    const tested = testConnection(instance.under(service.preview(withCheckedEndpoint(patch))), probe);
    return publicUrl ? this.#withPublicUrl(publicUrl, await tested) : tested;
  }

  /** The test is of S3: what it finds of the web server in front does not make it fail. */
  async #withPublicUrl(publicUrl: Pick<PublicUrlGate, 'fresh'>, answer: TestAnswer): Promise<TestAnswer> {
    const { clock } = this.deps.probe;
    const begin = clock.elapsed();
    const verdict = await publicUrl.fresh();
    return { ...answer, steps: [...answer.steps, publicStep(verdict, clock.elapsed() - begin)] };
  }
}
