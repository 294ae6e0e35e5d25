import { ERRORS } from '../../server/src/contracts/errors';
import { StorageError } from '../../server/src/core/errors';
import { createCommand } from '../../server/src/cli/command';
import type { HostFacts } from '../../server/src/cli/command-host';
import { engineWith, FACTS, lines, PASSED_TEST, reasonOf, runOn, SETTINGS, stageIo, STATUS } from './support';

const failedStep = (code: 'CLOCK_SKEW' | 'ACCESS_DENIED') => async () => ({
  ok: false,
  steps: [{ name: 'credentials' as const, ok: false, ms: 5, ...reasonOf(code) }],
  capabilities: { etagIsMd5: null, conditionalPut: null },
  snippets: [],
});

describe('doctor', () => {
  it('prints a line for each check, and ends with 0 when nothing is wrong', async () => {
    const played = stageIo();
    expect(await runOn(played, 'doctor')).toBe(0);

    expect(played.stdout()).toBe(
      lines(
        '✓ Plugin: has started',
        '✓ Upload provider: is Strapi’s local one, which this plugin stands in front of',
        '✓ Tables: are all there',
        '✓ Encryption: the stored secret is encrypted with admin.secrets.encryptionKey',
        '✓ Uploads folder: /app/public/uploads can be written to',
        '✓ Free space: 50 GB are free in the uploads folder’s file system',
        '✓ Durable disk: nothing says that the uploads folder would not survive a restart',
        '✓ Settings: bucket media (from database), endpoint https://fra1.digitaloceanspaces.com (from database), credentials from database',
        '✓ Mode: read-write',
        '✓ Schedules: upload off, cleanup off',
        '✓ Connection: endpoint: The endpoint answers and speaks S3. (12 ms)',
        '✓ Clock: S3 accepts this server’s time',
        '✓ Stranded files: none',
        '✓ Failed files: none',
        '✓ Waiting files: none',
        '',
        'Nothing is wrong.',
      ),
    );
  });

  it.each(['redirect', 'public'] as const)('prints the CORS rules for scripts of other sites where visitors read past Strapi: %s', async (delivery) => {
    const played = stageIo();
    expect(await runOn(played, 'doctor', engineWith({ settings: async () => ({ ...SETTINGS, settings: { ...SETTINGS.settings, delivery } }) }))).toBe(0);
    const [, rules = ''] = /^! Delivery: .+\n {4}→ [^[]+: (\[.+\])$/m.exec(played.stdout()) ?? [];
    expect(JSON.parse(rules)).toEqual([expect.objectContaining({ AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'] })]);
  });

  it.each<[string, Partial<HostFacts>]>([
    ['Upload provider', { providerIsLocal: false }],
    ['Tables', { missingMigrations: ['007-jobs'] }],
    ['Tables', { missingMigrations: null }],
    ['Encryption', { encryptedWith: null }],
    ['Uploads folder', { uploads: { ...FACTS.uploads, trouble: { code: 'FOLDER_NOT_WRITABLE', folder: '/app/public/uploads', errno: 'EROFS', cause: 'it is mounted read-only' } } }],
    ['Free space', { uploads: { ...FACTS.uploads, freeBytes: 1_000 } }],
    ['Durable disk', { uploads: { ...FACTS.uploads, ephemeral: 'overlay' } }],
  ])('finds what is wrong with the host: %s', async (name, facts) => {
    const played = stageIo();
    expect(await runOn(played, 'doctor', engineWith(), { ...FACTS, ...facts })).toBe(1);
    expect(played.stdout()).toMatch(new RegExp(`^✗ ${name}: .+\\n {4}→ .+$`, 'm'));
    expect(played.stdout()).toContain('\n1 of 15 checks found something wrong.\n');
  });

  it.each([
    ['Mode', { settings: async () => ({ ...SETTINGS, mode: 'read-only' as const, reason: reasonOf('NO_CREDENTIALS') }) }],
    ['Connection: credentials', { test: failedStep('ACCESS_DENIED') }],
    ['Clock', { test: failedStep('CLOCK_SKEW') }],
    ['Stranded files', { status: async () => ({ ...STATUS, stranded: { count: 1, bytes: 5, volumes: [] } }) }],
    ['Failed files', { status: async () => ({ ...STATUS, objects: { ...STATUS.objects, failed: { count: 1, bytes: 5 } } }) }],
  ])('finds what is wrong with the plugin: %s', async (name, more) => {
    const played = stageIo();
    expect(await runOn(played, 'doctor', engineWith(more))).toBe(1);
    expect(played.stdout()).toMatch(new RegExp(`^✗ ${name}: .+\\n {4}→ .+$`, 'm'));
  });

  it('says that its encryption key is not the server’s, and nothing that contradicts this', async () => {
    const played = stageIo();
    const settings = async () => ({ ...SETTINGS, settings: { ...SETTINGS.settings, secretAccessKeySet: false }, mode: 'off' as const, reason: reasonOf('SECRET_UNREADABLE') });
    expect(await runOn(played, 'doctor', engineWith({ settings }))).toBe(1);
    expect(played.stdout()).toMatch(/^✗ Encryption: the stored secret was sealed with another key than this command has\n {4}→ Run this command with the server’s environment/m);
    expect(played.stdout()).toMatch(/^! Settings: .+credentials stored, and not readable here$/m);
    expect(played.stdout()).toMatch(/^✗ Mode: off\./m);
    expect(played.stdout()).not.toMatch(/is encrypted with|of this machine/);
  });

  it('says that no secret is stored when nobody has stored one', async () => {
    const played = stageIo();
    const settings = { ...SETTINGS.settings, accessKeyId: null, secretAccessKeySet: false };
    await runOn(played, 'doctor', engineWith({ settings: async () => ({ ...SETTINGS, settings, sources: { ...SETTINGS.sources, secretAccessKey: 'default' } }) }));
    expect(played.stdout()).toContain('✓ Encryption: a secret would be stored encrypted with admin.secrets.encryptionKey; none is stored\n');
  });

  it('finds files that nobody can open because they are only in S3, which is off or away', async () => {
    for (const over of [{ mode: 'off' as const }, { outage: { since: '', code: 'TIMEOUT' as const, detail: null, reads: true, writes: true, unreadable: STATUS.objects.remote } }]) {
      const played = stageIo();
      expect(await runOn(played, 'doctor', engineWith({ status: async () => ({ ...STATUS, ...over }) }))).toBe(1);
      expect(played.stdout()).toMatch(/^✗ Unreadable files: 3,000 files, 60 MB are only in S3, and nobody can open them now$/m);
    }
  });

  it('shows the notes of the connection test, and ends with 0 all the same', async () => {
    const played = stageIo();
    const { message, hint } = ERRORS.PROXY_NOT_USED;
    const test = async () => ({ ...PASSED_TEST, notes: [{ code: 'PROXY_NOT_USED' as const, message: `${message} (HTTPS_PROXY)`, hint }] });
    expect(await runOn(played, 'doctor', engineWith({ test }))).toBe(0);
    expect(played.stdout()).toContain(`Connection: ${message} (HTTPS_PROXY)\n    → ${hint}\n`);
  });

  it.each<[string, Partial<HostFacts>, RegExp]>([
    ['Upload provider', { foreignMethods: ['uploadStream', 'delete'] }, /wrapped or replaced uploadStream, delete/],
    ['Readers of the folder', { folderReaders: ['local-image-sharp'] }, /local-image-sharp reads files/],
  ])('notes other code of the project that works on uploads, and ends with 0: %s', async (name, facts, text) => {
    const played = stageIo();
    expect(await runOn(played, 'doctor', engineWith(), { ...FACTS, ...facts })).toBe(0);
    expect(played.stdout()).toMatch(new RegExp(`^! ${name}: .+\\n {4}→ .+$`, 'm'));
    expect(played.stdout()).toMatch(text);
  });

  it('only notes what the administrator may intend, and ends with 0', async () => {
    const played = stageIo();
    const engine = engineWith({
      settings: async () => ({
        ...SETTINGS,
        settings: { ...SETTINGS.settings, onOutage: 'reject' },
        mode: 'read-only',
        reason: reasonOf('PRODUCTION_ONLY'),
      }),
      status: async () => ({ ...STATUS, pendingUploads: { count: 2, bytes: 10 } }),
    });
    const uploads = { ...FACTS.uploads, ephemeral: 'memory' as const, freeBytes: 500e6 };
    expect(await runOn(played, 'doctor', engine, { ...FACTS, uploads })).toBe(0);
    const noted = [...played.stdout().matchAll(/^! ([^:]+):/gm)].map(([, name]) => name);
    expect(noted).toEqual(['Free space', 'Durable disk', 'Mode', 'Waiting files']);
  });

  it.each(['BUCKET_OWNED', 'DATABASE_COPY', 'DATABASE_BEHIND'] as const)('only notes that this database is a copy (%s), says how to claim the bucket, and ends with 0', async (code) => {
    const played = stageIo();
    const settings = async () => ({ ...SETTINGS, mode: 'read-only' as const, reason: reasonOf(code) });
    expect(await runOn(played, 'doctor', engineWith({ settings }))).toBe(0);
    expect(played.stdout()).toMatch(/^! Mode: read-only\. .+\n {4}→ .*npx strapi-plugin-s3-storage claim\.$/m);
  });

  it.each(['MARKER_MISSING', 'MARKER_UNREADABLE'] as const)('finds that nobody can tell who owns the bucket (%s), and ends with 1', async (code) => {
    const played = stageIo();
    const settings = async () => ({ ...SETTINGS, mode: 'read-only' as const, reason: reasonOf(code) });
    expect(await runOn(played, 'doctor', engineWith({ settings }))).toBe(1);
    expect(played.stdout()).toMatch(/^✗ Mode: read-only\. .+\n {4}→ .+$/m);
  });

  it('makes the other checks when the plugin cannot start, and ends with 1', async () => {
    const played = stageIo();
    const command = createCommand({ start: async () => Promise.reject(new StorageError('DISK_FULL')), facts: async () => FACTS }, played.clock);
    expect(await command.run(['doctor'], played.io)).toBe(1);
    expect(played.stdout()).toContain('✗ Plugin: could not start: The local disk is full.\n');
    expect(played.stdout()).toContain('✓ Uploads folder');
  });

  it('tests no connection while S3 is off, and writes one document with --json', async () => {
    const played = stageIo();
    const test = jest.fn();
    const settings = async () => ({ ...SETTINGS, mode: 'off' as const, reason: reasonOf('NOT_CONFIGURED') });
    expect(await runOn(played, 'doctor --json', engineWith({ settings, test }))).toBe(1);
    expect(test).not.toHaveBeenCalled();
    const { ok, checks } = JSON.parse(played.stdout());
    expect(ok).toBe(false);
    expect(checks).toContainEqual({ name: 'Mode', verdict: 'wrong', text: `off. ${reasonOf('NOT_CONFIGURED').message}`, hint: reasonOf('NOT_CONFIGURED').hint });
  });
});
