import type { ClaimAnswer } from '../../contracts/api';
import { ERRORS, isClaimable } from '../../contracts/errors';
import { parseClaim } from '../../contracts/claim';
import type { Connections } from '../buckets/connections';
import type { OwnerWatch } from '../buckets/owner/owner-watch';
import { StorageError } from '../errors';
import type { Instance } from '../instance';
import type { LedgerReports } from '../ledger/reports';
import { RequestRefused } from '../refused';
import { publicSettings } from '../settings/resolve';
import type { SettingsService } from '../settings/service';

export interface ClaimApiDeps {
  readonly service: Pick<SettingsService, 'refresh'>;
  readonly instance: Instance;
  readonly connections: Pick<Connections, 'owned'>;
  readonly owners: Pick<OwnerWatch, 'look' | 'claim' | 'ownerOf'>;
  readonly ledger: Pick<LedgerReports, 'tallies'>;
  /** Resolves when the settings and the owner are in force in this process. */
  applied(): Promise<void>;
}

/** Does the work of the routes `/settings/claim`, the bucket claim: a person decides that this database is the owner of the bucket from now on. */
export class ClaimApi {
  constructor(private readonly deps: ClaimApiDeps) {}

  /** Says what a claim would do. It looks at the bucket's marker, and changes nothing. */
  async answer(): Promise<ClaimAnswer> {
    const { service, instance, connections, owners, ledger } = this.deps;
    await service.refresh();
    await this.deps.applied();
    const target = connections.owned;
    if (target) await owners.look(target);
    await this.deps.applied();
    const { reason, settings } = instance.current();
    const { endpoint, bucket, prefix } = publicSettings(settings);
    const seen = target ? owners.ownerOf(target.area.id) : undefined;
    const { pendingUploads, keptByCopy, trash } = await ledger.tallies();
    return {
      reason: isClaimable(reason) ? { code: reason, ...ERRORS[reason] } : null,
      area: { endpoint, bucket, prefix },
      owner: { id: seen?.owner ?? null, server: seen?.server ?? null, seenAt: seen?.writtenAt ?? null },
      uploads: { count: pendingUploads.count + keptByCopy.count, bytes: pendingUploads.bytes + keptByCopy.bytes },
      deletes: trash,
    };
  }

  /**
   * Makes this database the owner of the bucket.
   * @throws StorageError NOTHING_TO_CLAIM; CLAIM_DELETES if files wait for their deletion and the body does not confirm that; CLAIM_OUTDATED if
   *   the owner is not the one that the body names; or the reason why S3 did not take the marker. Nothing has changed then
   */
  async claim(body: unknown): Promise<ClaimAnswer> {
    const parsed = parseClaim(body);
    if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
    const before = await this.answer();
    const target = this.deps.connections.owned;
    if (!before.reason || !target) throw new StorageError('NOTHING_TO_CLAIM', { operation: 'claim', refused: true });
    const { confirmDeletes = false, owner = before.owner.id } = parsed.value;
    // guard: deletions-of-a-copy-are-confirmed
    if (before.deletes.count > 0 && !confirmDeletes) throw new StorageError('CLAIM_DELETES', { operation: 'claim', detail: `${before.deletes.count} files`, refused: true });
    await this.deps.owners.claim(target, owner);
    return this.answer();
  }
}
