import { StorageError } from '../../server/src/core/errors';
import type { AdminApi } from '../../server/src/core/admin/admin-api';
import { CLAIM, CLAIMED, engineWith, lines, reasonOf, runOn, stageIo } from './support';

const NONE = { count: 0, bytes: 0 };
const NUMBERS = [
  'Bucket     media at https://s3.test, prefix site/',
  `Now        ${reasonOf('DATABASE_COPY').message}`,
  'Owner      owner-1, server web-1, last seen 2026-11-23 19:52:39 UTC',
  'Uploads    12 files, 3 MB: kept on this server’s disk, and sent to S3 after the claim',
  'Deletions  2 files, 40 kB: deleted here, and removed from the bucket after the claim',
];
const DONE = 'This database owns the bucket now. Strapi sends the files from its disk as soon as it runs.';

/** An engine that remembers the claims. */
function claiming(claim: AdminApi['claim']['claim'] = async () => CLAIMED) {
  const claims = jest.fn(claim);
  return { claims, engine: engineWith({ claim: claims }) };
}

describe('claim', () => {
  it('says that there is nothing to claim, asks nothing, and ends with 0', async () => {
    const played = stageIo({ answer: 'yes' });
    const claim = jest.fn();
    expect(await runOn(played, 'claim', engineWith({ claimPreview: async () => CLAIMED, claim }))).toBe(0);
    expect(played.stdout()).toMatch(/^There is nothing to claim: .+\n$/);
    expect(played.questions).toEqual([]);
    expect(claim).not.toHaveBeenCalled();
  });

  it('shows the bucket, its owner and the numbers, asks, and claims from the owner that it has shown', async () => {
    const played = stageIo({ answer: 'yes' });
    const { claims, engine } = claiming();
    expect(await runOn(played, 'claim', engine)).toBe(0);
    expect(played.stdout()).toBe(lines(...NUMBERS, DONE));
    expect(played.questions).toEqual([expect.stringContaining('only reads it from then on')]);
    expect(claims.mock.calls).toEqual([[{ owner: 'owner-1', confirmDeletes: true }]]);
  });

  it('says in words that the owner cannot be read and that no file is concerned', async () => {
    const played = stageIo({ answer: 'no' });
    const answer = { ...CLAIM, area: { endpoint: null, bucket: 'media', prefix: '' }, owner: { id: null, server: null, seenAt: null }, uploads: NONE, deletes: NONE };
    await runOn(played, 'claim', engineWith({ claimPreview: async () => answer }));
    expect(played.stdout()).toBe(lines('Bucket     media', NUMBERS[1]!, 'Owner      nobody can read it', 'Uploads    none', 'Deletions  none'));
  });

  it.each(['no', '', 'y'])('claims nothing if the answer is “%s”, and ends with 3', async (answer) => {
    const played = stageIo({ answer });
    const { claims, engine } = claiming();
    expect(await runOn(played, 'claim', engine)).toBe(3);
    expect(played.stderr()).toBe(lines('Nothing was claimed.'));
    expect(claims).not.toHaveBeenCalled();
  });

  it('claims nothing where nobody is there to ask, names --yes, and ends with 3', async () => {
    const played = stageIo();
    const { claims, engine } = claiming();
    expect(await runOn(played, 'claim', engine)).toBe(3);
    expect(played.stdout()).toBe(lines(...NUMBERS));
    expect(played.stderr()).toContain('--yes');
    expect(claims).not.toHaveBeenCalled();
  });

  it.each(['--yes', '-y'])('%s claims without a question', async (option) => {
    const played = stageIo();
    const { claims, engine } = claiming();
    expect(await runOn(played, `claim ${option}`, engine)).toBe(0);
    expect(claims.mock.calls).toEqual([[{ owner: 'owner-1', confirmDeletes: true }]]);
    expect(played.stdout()).toBe(lines(...NUMBERS, DONE));
  });

  it('names null as the owner where nobody can read it', async () => {
    const claim = jest.fn(async () => CLAIMED);
    const claimPreview = async () => ({ ...CLAIM, owner: { id: null, server: null, seenAt: null } });
    await runOn(stageIo(), 'claim --yes', engineWith({ claimPreview, claim }));
    expect(claim.mock.calls).toEqual([[{ owner: null, confirmDeletes: true }]]);
  });

  it('--json writes one document: the answer after the claim, or the answer before it where none was made', async () => {
    const claimed = stageIo();
    expect(await runOn(claimed, 'claim --yes --json')).toBe(0);
    expect(JSON.parse(claimed.stdout())).toEqual(CLAIMED);

    const unasked = stageIo();
    expect(await runOn(unasked, 'claim --json')).toBe(3);
    expect(JSON.parse(unasked.stdout())).toEqual(CLAIM);

    const nothing = stageIo();
    expect(await runOn(nothing, 'claim --json', engineWith({ claimPreview: async () => CLAIMED }))).toBe(0);
    expect(JSON.parse(nothing.stdout())).toEqual(CLAIMED);
  });

  it('says that the owner has changed since it looked, and ends with 1', async () => {
    const played = stageIo({ answer: 'yes' });
    const { engine } = claiming(async () => Promise.reject(new StorageError('CLAIM_OUTDATED', { operation: 'claim', refused: true })));
    expect(await runOn(played, 'claim', engine)).toBe(1);
    expect(played.stderr()).toMatch(/^claim failed: .*The bucket’s owner has changed since you looked/);
    expect(played.stderr()).toContain(`→ ${reasonOf('CLAIM_OUTDATED').hint}\n`);
    expect(played.stdout()).not.toContain('owns the bucket now');

    const json = stageIo();
    expect(await runOn(json, 'claim --yes --json', engine)).toBe(1);
    expect(JSON.parse(json.stdout())).toEqual({ error: reasonOf('CLAIM_OUTDATED') });
  });
});
