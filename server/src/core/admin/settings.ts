import type { PreviewAnswer, Tally, TestAnswer } from '../../contracts/api';
import type { SettingsAnswer } from '../../contracts/settings';
import { StorageError } from '../errors';
import { refusedEndpoint, testConnection, type ConnectionTestDeps } from '../buckets/probe/connection-test';
import { publicStep } from '../buckets/probe/steps';
import type { PublicUrlGate } from '../public-url/gate';
import { checkedPatch, withCheckedEndpoint } from '../settings/patch';
import { SettingsRefused } from '../settings/refused';
import type { SettingsService } from '../settings/service';
import type { EffectiveSettings } from '../settings/types';

/** What the routes `/settings` do. Bodies are unchecked; what is wrong with them is thrown as {@link SettingsRefused}. */
export class SettingsApi {
  #isTesting = false;

  constructor(
    private readonly service: SettingsService,
    private readonly probe: ConnectionTestDeps,
    /** What settings would lose sight of. */
    private readonly outOfSight: (settings: EffectiveSettings) => Promise<Tally>,
    /** Left out: nothing is said of it. */
    private readonly publicUrl?: Pick<PublicUrlGate, 'fresh'>,
  ) {}

  async answer(): Promise<SettingsAnswer> {
    await this.service.refresh();
    return this.service.answer();
  }

  update(body: unknown): Promise<SettingsAnswer> {
    return this.service.update(body);
  }

  /**
   * “Stop using S3”: from now on new files go to the disk, nothing in the bucket changes, and S3 is only read.
   * @throws StorageError with the reason where S3 is not in use; nothing has changed then
   */
  async leave(): Promise<SettingsAnswer> {
    const { mode, reason } = await this.service.refresh();
    if (mode !== 'read-write') throw new StorageError(reason ?? 'READ_ONLY', { operation: 'leave', refused: true });
    return this.service.update({ leaving: true, uploadScheduleEnabled: false, cleanupScheduleEnabled: false });
  }

  /** “Use S3 again”. The schedules stay off. */
  comeBack(): Promise<SettingsAnswer> {
    return this.service.update({ leaving: null });
  }

  /**
   * What the stored settings, with those of the body in their place, would lose sight of; stores nothing. Changes are not held
   * up by it: whoever makes them is to know beforehand. Refused as in `update`.
   */
  async preview(body: unknown): Promise<PreviewAnswer> {
    const patch = withCheckedEndpoint(checkedPatch(body));
    await this.service.refresh();
    return { outOfSight: await this.outOfSight(this.service.preview(patch)) };
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
      return await this.#test(patch);
    } finally {
      this.#isTesting = false;
    }
  }

  async #test(patch: ReturnType<typeof checkedPatch>): Promise<TestAnswer> {
    await this.service.refresh();
    try {
      withCheckedEndpoint(patch);
    } catch (error) {
      if (!(error instanceof SettingsRefused)) throw error;
      return refusedEndpoint(new StorageError(error.code, { detail: error.fields[0]?.message }));
    }
    const tested = testConnection(this.service.preview(withCheckedEndpoint(patch)), this.probe);
    return this.publicUrl ? this.#withPublicUrl(this.publicUrl, await tested) : tested;
  }

  /** The test is of S3: what it finds of the web server in front does not make it fail. */
  async #withPublicUrl(publicUrl: Pick<PublicUrlGate, 'fresh'>, answer: TestAnswer): Promise<TestAnswer> {
    const { clock } = this.probe;
    const begin = clock.elapsed();
    const verdict = await publicUrl.fresh();
    return { ...answer, steps: [...answer.steps, publicStep(verdict, clock.elapsed() - begin)] };
  }
}
