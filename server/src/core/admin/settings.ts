import { ERRORS, type ErrorCode } from '../../contracts/errors';
import type { CorsAnswer, MoveCounts, TestAnswer } from '../../contracts/api';
import type { SettingsAnswer } from '../../contracts/settings';
import { isStorageError, StorageError } from '../errors';
import type { Instance, PermittedSettings } from '../instance';
import { refusedEndpoint, testConnection, type ConnectionTestDeps } from '../buckets/probe/connection-test';
import { installCors } from '../buckets/probe/cors';
import { publicStep } from '../buckets/probe/steps';
import type { PublicUrlGate } from '../public-url/gate';
import { isOtherArea } from '../buckets/move-counts';
import { checkedPatch, checkedUpdate, withCheckedEndpoint } from '../settings/patch';
import { MoveUnconfirmed } from '../settings/move-unconfirmed';
import { SettingsRefused } from '../settings/refused';
import { publicSettings } from '../settings/resolve';
import type { SettingsService } from '../settings/service';
import { strayed } from '../settings/strayed';
import type { ResolvedSettings } from '../settings/types';

export interface SettingsApiDeps {
  readonly service: SettingsService;
  readonly instance: Instance;
  readonly probe: ConnectionTestDeps;
  /** Whether any file has an object. */
  hasObjects(): Promise<boolean>;
  /** Counts the files that stay behind, and those that the plugin could not reach any more, if the settings `after` followed on `before`. */
  moveCounts(before: ResolvedSettings, after: PermittedSettings): Promise<MoveCounts>;
  /** Checks the public address; if left out, the connection test says nothing about the web server in front of Strapi. */
  readonly publicUrl?: Pick<PublicUrlGate, 'fresh'>;
  /** Resolves when the last stored settings are in force in this process. */
  applied(): Promise<void>;
  /** Called after a test of the settings in force. */
  onTested(answer: TestAnswer): void;
  /** Ends both phases of the migration. */
  stopMigration(): Promise<void>;
}

/** Says which pair of keys belongs to another place, because the reason's own sentence cannot say it. */
function detailOf(reason: ErrorCode, { credentials }: ResolvedSettings): { message?: string } {
  return reason === 'SECRET_REQUIRED' && credentials.kind === 'elsewhere' ? { message: `The secret access key ${strayed(credentials.source)}.` } : {};
}

/** Returns the settings as people may see them, with the rights of this instance under them. */
export function answerOf({ settings, sources, mode, reason }: PermittedSettings): SettingsAnswer {
  return { settings: publicSettings(settings), sources: { ...sources }, mode, reason: reason && { code: reason, ...ERRORS[reason], ...detailOf(reason, settings) } };
}

/** Does the work of the routes `/settings`. Bodies come in unchecked; {@link SettingsRefused} names their errors. */
export class SettingsApi {
  #isTesting = false;

  constructor(private readonly deps: SettingsApiDeps) {}

  async answer(): Promise<SettingsAnswer> {
    await this.deps.service.refresh();
    return answerOf(this.deps.instance.current());
  }

  /**
   * Stores a change of the settings. Resolves when the change is in force in this process.
   * @throws SettingsRefused; MoveUnconfirmed if the change leads to another area while objects are in the present one, and the body
   *   does not say `confirmMove: true`. Nothing is stored then
   */
  async update(body: unknown): Promise<SettingsAnswer> {
    const { service, applied } = this.deps;
    const hasObjects = await this.deps.hasObjects();
    try {
      await service.update(body, (before, after) => {
        // guard: a-move-is-confirmed
        if (hasObjects && isOtherArea(before, after)) throw new StorageError('MOVE_UNCONFIRMED', { operation: 'update', refused: true });
      });
    } catch (error) {
      if (!isStorageError(error, 'MOVE_UNCONFIRMED')) throw error;
      const { confirmMove: _, ...patch } = checkedUpdate(body);
      throw new MoveUnconfirmed(await this.preview(patch));
    }
    await applied();
    return answerOf(this.deps.instance.current());
  }

  /**
   * Begins leaving (“Stop using S3”): from now on new files go to the disk, nothing in the bucket changes, and the plugin only reads S3.
   * @throws StorageError with the reason if S3 is not in use; nothing has changed then
   */
  async leave(): Promise<SettingsAnswer> {
    await this.deps.service.refresh();
    const { mode, reason } = this.deps.instance;
    if (mode !== 'read-write') throw new StorageError(reason ?? 'READ_ONLY', { operation: 'leave', refused: true });
    const answer = await this.update({ leaving: true, uploadScheduleEnabled: false, cleanupScheduleEnabled: false });
    await this.deps.stopMigration();
    return answer;
  }

  /** Ends leaving (“Use S3 again”). The schedules stay off. */
  returnToS3(): Promise<SettingsAnswer> {
    return this.update({ leaving: null });
  }

  /**
   * Counts the files that would stay behind, and those that the plugin could not reach any more, if the settings of the body were stored. It
   * stores nothing. A bad body is refused as in `update`.
   */
  async preview(body: unknown): Promise<MoveCounts> {
    const patch = withCheckedEndpoint(checkedPatch(body));
    const { service, instance, moveCounts } = this.deps;
    const { settings } = await service.refresh();
    return moveCounts(settings, instance.under(service.preview(patch)));
  }

  /**
   * Tests the stored settings, with those of the body in their place. It stores nothing. An unusable endpoint is a result of the test; any
   * other bad field is refused as in `update`, and so is the use of the stored secret for another place. Only one test runs at a
   * time: a single test waits for and holds a bounded amount, and many at once would not.
   * @throws StorageError TEST_RUNNING while another one is under way
   */
  async test(body: unknown): Promise<TestAnswer> {
    const patch = checkedPatch(body);
    if (this.#isTesting) throw new StorageError('TEST_RUNNING', { operation: 'test', refused: true });
    this.#isTesting = true;
    try {
      const answer = await this.#test(patch);
      // without a patch this was a test of the settings in force, so that its result is true for everybody
      if (Object.keys(patch).length === 0) this.deps.onTested(answer);
      return answer;
    } finally {
      this.#isTesting = false;
    }
  }

  /**
   * Adds the CORS rules that scripts of other sites need to the bucket in use. All other rules stay.
   * @throws StorageError with the reason if this server may not write to the bucket; CORS_DENIED, CORS_UNSUPPORTED, or why S3 did not answer
   */
  async installCors(): Promise<CorsAnswer> {
    const { service, instance, probe } = this.deps;
    await service.refresh();
    const { mode, reason, settings } = instance.current();
    // a copy of production must change nothing in the bucket, not even before it knows that it is one
    if (mode !== 'read-write' || instance.awaitsOwner) throw new StorageError(reason ?? 'OWNER_UNKNOWN', { operation: 'cors', refused: true });
    const { cors, close } = probe.open(settings);
    try {
      return { added: await installCors(cors) };
    } finally {
      close();
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

  /** Adds the step about the web server in front of Strapi. It does not make the test fail, because the test is about S3. */
  async #withPublicUrl(publicUrl: Pick<PublicUrlGate, 'fresh'>, answer: TestAnswer): Promise<TestAnswer> {
    const { clock } = this.deps.probe;
    const begin = clock.elapsed();
    const verdict = await publicUrl.fresh();
    return { ...answer, steps: [...answer.steps, publicStep(verdict, clock.elapsed() - begin)] };
  }
}
