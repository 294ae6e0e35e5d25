import type { StatusAnswer, TestAnswer } from '../contracts/api';
import { ERRORS, type ErrorCode } from '../contracts/errors';
import type { SettingsAnswer } from '../contracts/settings';
import { CORS_RULES } from '../core/buckets/probe/snippets';
import type { HostFacts } from './command-host';
import { formatBytes, formatTally } from './format';
import { outOfReach } from './out-of-reach';

/** One check and its result. `note`: the fact is worth knowing, and may be intended. */
export interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'note' | 'wrong';
  readonly text: string;
  readonly hint: string | null;
}

/** Free space below which the check notes it, and below which it is a fault (bytes). */
const LITTLE_SPACE = 1e9;
const NO_SPACE = 100e6;

/** Reasons of a mode that somebody has chosen, or that a copy of production has as it should. */
const MEANT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['PRODUCTION_ONLY', 'MODE_OVERRIDE', 'LEAVING', 'BUCKET_OWNED', 'DATABASE_COPY', 'DATABASE_BEHIND']);

/** Why there are no usable credentials, although some may be stored. */
const NO_KEY: Readonly<Record<string, string>> = {
  SECRET_UNREADABLE: 'stored, and not readable here',
  SECRET_REQUIRED: 'stored for another place, and not used for this one',
  NO_CREDENTIALS: 'incomplete',
};

const ok = (name: string, text: string): Check => ({ name, verdict: 'ok', text, hint: null });
const note = (name: string, text: string, hint: string | null = null): Check => ({ name, verdict: 'note', text, hint });
const wrong = (name: string, text: string, hint: string): Check => ({ name, verdict: 'wrong', text, hint });
const wrongBy = (name: string, code: ErrorCode): Check => wrong(name, ERRORS[code].message, ERRORS[code].hint);

/** The checks that need no running engine. @param settings null if they could not be read */
export function hostChecks({ providerIsLocal, foreignMethods, folderReaders, missingMigrations, encryptedWith, uploads }: HostFacts, settings: SettingsAnswer | null): Check[] {
  return [
    providerIsLocal ? providerCheck(foreignMethods) : wrongBy('Upload provider', 'PROVIDER_NOT_LOCAL'),
    ...(folderReaders.length === 0 ? [] : [readersCheck(folderReaders)]),
    tablesCheck(missingMigrations),
    encryptionCheck(encryptedWith, settings),
    folderCheck(uploads),
    spaceCheck(uploads.freeBytes),
  ];
}

function providerCheck(foreign: readonly string[]): Check {
  const name = 'Upload provider';
  if (foreign.length === 0) return ok(name, 'is Strapi’s local one, which this plugin stands in front of');
  return note(
    name,
    `is Strapi’s local one, but other code of this project has wrapped or replaced ${foreign.join(', ')}`,
    'If that code calls the former method, its files reach this plugin. If it does not, they are kept where that code puts them; the log then says so at the first upload.',
  );
}

function readersCheck(plugins: readonly string[]): Check {
  return note(
    'Readers of the folder',
    `${plugins.join(', ')} ${plugins.length === 1 ? 'reads' : 'read'} files from the uploads folder`,
    'Files that are only in S3 are not there: new uploads, and all files after phase 2, will be missing to it. Let it fetch them from their /uploads addresses.',
  );
}

function folderCheck({ folder, trouble }: HostFacts['uploads']): Check {
  if (!trouble) return ok('Uploads folder', `${folder} can be written to`);
  const { cause, errno, code } = trouble;
  return wrong('Uploads folder', `${folder} cannot be written: ${cause}${errno ? ` (${errno})` : ''}`, ERRORS[code].hint);
}

/** Checks the key that this command has. The server need not have the same. */
function encryptionCheck(encryptedWith: HostFacts['encryptedWith'], settings: SettingsAnswer | null): Check {
  const name = 'Encryption';
  if (settings?.reason?.code === 'SECRET_UNREADABLE') {
    const hint = 'Run this command with the server’s environment, which has APP_KEYS or ENCRYPTION_KEY; if that key is gone for good, enter the secret again.';
    return wrong(name, 'the stored secret was sealed with another key than this command has', hint);
  }
  if (!encryptedWith) return wrong(name, 'Neither admin.secrets.encryptionKey nor app.keys is set: no secret can be stored.', 'Set ENCRYPTION_KEY as config/admin reads it.');
  const isStored = settings?.settings.secretAccessKeySet === true && settings.sources.secretAccessKey === 'database';
  return ok(name, isStored ? `the stored secret is encrypted with ${encryptedWith}` : `a secret would be stored encrypted with ${encryptedWith}; none is stored`);
}

function tablesCheck(missing: HostFacts['missingMigrations']): Check {
  if (missing === null) return wrong('Tables', 'The database did not say which of the plugin’s tables there are.', 'Look at the messages above, which say why.');
  if (missing.length === 0) return ok('Tables', 'are all there');
  return wrong('Tables', `These changes are missing: ${missing.join(', ')}.`, 'They are made when the plugin starts: look at the messages above, which say why it does not.');
}

function spaceCheck(free: number | null): Check {
  if (free === null) return note('Free space', 'is not told by this platform');
  const text = `${formatBytes(free)} are free in the uploads folder’s file system`;
  if (free < NO_SPACE) return wrong('Free space', text, ERRORS.DISK_FULL.hint);
  return free < LITTLE_SPACE ? note('Free space', text, ERRORS.DISK_FULL.hint) : ok('Free space', text);
}

export function settingsChecks({ settings, sources, mode, reason }: SettingsAnswer): Check[] {
  const { provider, bucket, endpoint, uploadScheduleEnabled, uploadSchedule, cleanupScheduleEnabled, cleanupSchedule } = settings;
  const place = `bucket ${bucket} (from ${sources.bucket}), endpoint ${endpoint ?? `of the preset ${provider}`} (from ${sources.endpoint})`;
  const credentials = NO_KEY[reason?.code ?? ''] ?? (settings.secretAccessKeySet ? `from ${sources.secretAccessKey}` : 'of this machine');
  const schedule = (enabled: boolean, expression: string) => (enabled ? expression : 'off');
  return [
    ...(bucket === null ? [] : [(reason && reason.code in NO_KEY ? note : ok)('Settings', `${place}, credentials ${credentials}`)]),
    !reason ? ok('Mode', mode) : MEANT.has(reason.code) ? note('Mode', `${mode}. ${reason.message}`, reason.hint) : wrong('Mode', `${mode}. ${reason.message}`, reason.hint),
    ok('Schedules', `upload ${schedule(uploadScheduleEnabled, uploadSchedule)}, cleanup ${schedule(cleanupScheduleEnabled, cleanupSchedule)}`),
  ];
}

export function diskCheck({ uploads: { ephemeral } }: HostFacts, { settings: { onOutage } }: SettingsAnswer): Check {
  const name = 'Durable disk';
  if (!ephemeral) return ok(name, 'nothing says that the uploads folder would not survive a restart');
  const text = `the uploads folder lies ${ephemeral === 'memory' ? 'in memory' : 'in the container’s own layer'}, which does not survive a restart`;
  const hint = 'Put it on a persistent volume, or set onOutage to “reject” so that no file is only there.';
  return onOutage === 'reject' ? note(name, text, null) : wrong(name, text, hint);
}

/** Says what scripts of other sites need when browsers read files past Strapi. The rules are on one line, so that they can be copied. */
export function deliveryChecks({ settings: { delivery } }: SettingsAnswer): Check[] {
  if (delivery === 'proxy') return [];
  const text = 'visitors are sent to S3 or the CDN. The panel, this site’s scripts, images and videos need no CORS rules in the bucket.';
  const hint = `If scripts of other sites read the files, add this to the CORS rules that the bucket has: ${JSON.stringify(CORS_RULES)}`;
  return [note('Delivery', text, hint)];
}

export function connectionChecks({ ok: works, steps, notes = [] }: TestAnswer): Check[] {
  const checks = [
    ...steps.map(({ name, ok: passed, code, message, hint, ms }) => {
      const title = `Connection: ${name}`;
      if (!passed) return wrong(title, message, hint ?? '');
      return code ? note(title, message, hint) : ok(title, `${message} (${Math.round(ms)} ms)`);
    }),
    ...notes.map(({ message, hint }) => note('Connection', message, hint)),
  ];
  if (steps.some(({ code }) => code === 'CLOCK_SKEW')) return [...checks, wrongBy('Clock', 'CLOCK_SKEW')];
  return works ? [...checks, ok('Clock', 'S3 accepts this server’s time')] : checks;
}

export function libraryChecks(status: StatusAnswer): Check[] {
  const { stranded, objects, pendingUploads, node } = status;
  const unreadable = outOfReach(status);
  return [
    ...(unreadable.count === 0
      ? []
      : [wrong('Unreadable files', `${formatTally(unreadable)} are only in S3, and nobody can open them now`, 'They can be opened again as soon as S3 can be used.')]),
    ...(node.twin ? [wrongBy('Disk id', 'VOLUME_TWIN')] : []),
    stranded.count === 0
      ? ok('Stranded files', 'none')
      : wrong('Stranded files', `${formatTally(stranded)} are only on a disk that has vanished`, 'Bring that server or its volume back: its files then follow to S3 by themselves.'),
    objects.failed.count === 0
      ? ok('Failed files', 'none')
      : wrong('Failed files', `${formatTally(objects.failed)} could not be moved when last tried`, 'Settings → S3 Storage → Migration lists them with reasons, and can try them again.'),
    pendingUploads.count === 0
      ? ok('Waiting files', 'none')
      : note('Waiting files', `${formatTally(pendingUploads)} were kept on disk while S3 was away`, 'They follow by themselves while Strapi runs and S3 answers.'),
  ];
}
