import path from 'node:path';

import { readSources, type Source } from '../architecture/imports';
import { guardFiles, type Change } from './guard-markers';

/**
 * The guards of the SQL ledger. The histories are played on the ledger in memory, so the contract of the ledger has to notice when
 * one of these is not there: `npm run verify:mutants -- --ledger` takes each away and runs the contract on SQLite. Locks are not among
 * them, because SQLite has one writer at a time; the contract's tests of steps at the same time hold them on PostgreSQL and MariaDB.
 */
export interface LedgerMutant {
  /** The rule, in the words of the design. */
  readonly guard: string;
  /** The harm that can happen without it. */
  readonly without: string;
  /** The slug of the comment `// guard: <slug>`, which stands once below `server/src/adapters/database/ledger/`. */
  readonly marker: string;
  readonly change: Change;
}

export const LEDGER_MUTANTS: readonly LedgerMutant[] = [
  {
    guard: 'Only a name that is still under way is published, forgotten, touched or abandoned',
    without: 'a process that slept for a day takes a name away from the sweeper',
    marker: 'only-names-under-way',
    change: 'remove',
  },
  {
    guard: 'An intent is its id together with its name and its key',
    without: 'one write publishes the name of another one',
    marker: 'intent-is-its-id-and-name',
    change: { value: 'row !== undefined' },
  },
  {
    guard: 'A name on record, whatever its status, is not given out',
    without: 'the sweeper removes what was just written',
    marker: 'recorded-name-not-given-out',
    change: { value: "insertedId(this.db, this.table().insert(columns).onConflict('name_hash').merge(['status']))" },
  },
  {
    guard: 'A condemned name keeps what is known of its bytes',
    without: 'the sweeper cannot tell a file from one that somebody else put there',
    marker: 'sweeper-knows-the-bytes',
    change: 'remove',
  },
  {
    guard: 'A stray file is condemned only where nobody has its name on record',
    without: 'the file of a write that is under way is removed',
    marker: 'stray-is-recorded-by-nobody',
    change: { value: "(await insertedId(this.db, this.table().insert(columns).onConflict('name_hash').merge(['status', 'due_at']))) !== undefined" },
  },
  {
    guard: 'What a change of a row drops is condemned in the same transaction',
    without: 'every replace leaves its predecessor in the bucket for ever',
    marker: 'dropped-names-are-condemned',
    change: 'remove',
  },
  {
    guard: 'An upload begins only at the revision that was read',
    without: 'bytes of before a replace are sent in vain, under a name that the new ones could have',
    marker: 'upload-begins-at-its-revision',
    change: { value: 'row === undefined' },
  },
  {
    guard: 'Uploads that begin together never share a plain name',
    without: 'two uploads write to one object',
    marker: 'plain-name-once-in-a-batch',
    change: 'remove',
  },
  {
    guard: 'All names of a publication are pending, or nothing is published',
    without: 'a row leads to a name that is being removed',
    marker: 'publish-needs-pending-names',
    change: { value: 'false' },
  },
  {
    guard: 'The name of a superseded write is condemned',
    without: 'its bytes stay in the bucket for ever, or until the name is abandoned',
    marker: 'superseded-name-is-condemned',
    change: 'remove',
  },
  {
    guard: 'A published name is pending no more',
    without: 'it is condemned as abandoned a day later, and the sweeper removes live bytes',
    marker: 'live-name-is-not-pending',
    change: 'remove',
  },
  {
    guard: 'Writes of one key that are published together see each other',
    without: 'the bytes of the first one are never condemned',
    marker: 'publish-sees-its-own-writes',
    change: 'remove',
  },
  {
    guard: 'The plain object name is spent when it is given out',
    without: 'a replace overwrites live bytes',
    marker: 'plain-name-is-spent',
    change: { value: 'false' },
  },
  {
    guard: 'A job commits only an intent of the row’s own key',
    without: 'a row leads to the bytes of another key',
    marker: 'intent-is-the-rows',
    change: 'remove',
  },
  {
    guard: 'A job commits only while its name is pending',
    without: 'a row leads to a name that is being removed',
    marker: 'commit-needs-a-pending-name',
    change: { value: 'row ? moved(row) : undefined' },
  },
  {
    guard: 'Uploads of one row that are committed together see each other',
    without: 'both pass for the row’s object, and one of them is never condemned',
    marker: 'commits-see-each-other',
    change: 'remove',
  },
  {
    guard: 'The name of a refused commit is condemned',
    without: 'its bytes stay until the name is abandoned',
    marker: 'refused-upload-is-condemned',
    change: 'remove',
  },
  {
    guard: 'A committed name is pending no more',
    without: 'it is condemned as abandoned a day later, and the sweeper removes live bytes',
    marker: 'committed-name-is-not-pending',
    change: 'remove',
  },
  {
    guard: 'A cleanup in SQL commits only to the revision it proved',
    without: 'a disk is freed of bytes that nobody proved in S3',
    marker: 'cleanup-at-its-revision',
    change: { value: 'row && cleaned(row, row.rev, graceMs)' },
  },
  {
    guard: 'Cleanups of one row that are committed together see each other',
    without: 'the file of a row is condemned twice, and PostgreSQL refuses the whole batch',
    marker: 'cleanups-see-each-other',
    change: 'remove',
  },
  {
    guard: 'A restore begins only at the revision that was read',
    without: 'bytes of before a replace are fetched in vain',
    marker: 'restore-begins-at-its-revision',
    change: { value: 'row === undefined ? undefined : await ownName(session, context, { kind: \'file\', key: row.key, volume, plainFree: false })' },
  },
  {
    guard: 'A failure is noted only at the revision that was tried',
    without: 'new bytes wait, or are given up, for the failures of old ones',
    marker: 'failure-at-its-revision',
    change: { value: 'row && failed(row, row.rev, code)' },
  },
  {
    guard: 'A buried row is claimed by nobody',
    without: 'files that were deleted are uploaded, or brought back to the disk',
    marker: 'buried-rows-are-not-claimed',
    change: 'remove',
  },
  {
    guard: 'A row that is claimed, or waits after a failure, is claimed by nobody else',
    without: 'replicas do all work twice, and a failing file is tried without a rest',
    marker: 'claimed-rows-are-not-claimed',
    change: { value: '9e15' },
  },
  {
    guard: 'A claim is given back only as long as the row is as it was claimed',
    without: 'a row that failed since is tried again at once',
    marker: 'release-at-its-revision',
    change: 'remove',
  },
  {
    guard: 'A claim is renewed by its holder only',
    without: 'a slow process keeps a row away from the one that has it now',
    marker: 'claims-are-renewed-by-their-holder',
    change: 'remove',
  },
  {
    guard: 'A delete draws its ticket when it happens, as a write does when it begins',
    without: 'a write that began before the delete brings the file back',
    marker: 'delete-draws-its-ticket',
    change: { value: 'ticketFor(row, 0)' },
  },
  {
    guard: 'A purge in SQL ends only the tombstone it read',
    without: 'a file that was uploaded again meanwhile is deleted',
    marker: 'purge-ends-what-it-read',
    change: { value: 'row && purged(row, row.rev, options)' },
  },
  {
    guard: 'A pending name is condemned only when it has not been touched for a day',
    without: 'the bytes of a write that is under way are removed',
    marker: 'writers-at-work-keep-their-names',
    change: { value: 'clockAfter(names.db)' },
  },
  {
    guard: 'A condemned name is due only after its grace',
    without: 'URLs in caches and backups of the database lead to nothing',
    marker: 'grace-is-kept',
    change: { value: '9e15' },
  },
  {
    guard: 'The second removal of a name has its own time',
    without: 'two sweepers at once count as two removals, and a PUT that lands late stays for ever',
    marker: 'second-removal-in-its-time',
    change: { value: "() => names.table().whereIn('id', some)" },
  },
  {
    guard: 'An object’s name is forgotten only after its second removal',
    without: 'a PUT that its client gave up lands late, and stays for ever',
    marker: 'objects-are-removed-twice',
    change: 'remove',
  },
  {
    guard: 'The name of a file whose write had not ended is forgotten only after its second removal',
    without: 'parts of it stay on the disk for ever',
    marker: 'unfinished-files-are-removed-twice',
    change: 'remove',
  },
  {
    guard: 'A settling commits only while its name is on record',
    without: 'a row leads to a path that is being freed',
    marker: 'settles-a-recorded-name',
    change: { value: 'row ? settled(row, read.rev, intent, context.policy.supersededGraceMs) : undefined' },
  },
  {
    guard: 'A settling is taken up only with the same bytes',
    without: 'a plain path keeps the bytes of before a replace',
    marker: 'same-bytes-take-up-a-settling',
    change: { value: 'false' },
  },
  {
    guard: 'A removal is due no more when its name was postponed or freed',
    without: 'the sweeper removes a file that was given the path since',
    marker: 'removal-is-still-due',
    change: { value: '9e15' },
  },
  {
    guard: 'A file at a path that is on record does not pass for the library’s',
    without: 'what a write of our own left becomes the file',
    marker: 'found-file-is-not-our-own',
    change: { value: 'noticed(row, found, false)' },
  },
  {
    guard: 'A file at a path that is on record does not pass for the library’s when the inventory finds it',
    without: 'what a write of our own left becomes the file',
    marker: 'inventory-leaves-our-own-files',
    change: { value: 'noticed(row, file, false)' },
  },
  {
    guard: 'An adoption needs a row without bytes, read under the lock',
    without: 'an object that somebody put there takes the place of an editor’s file',
    marker: 'adoption-needs-a-row-without-bytes',
    change: { value: 'adopted(firstRow(key, undefined), remote, content)' },
  },
  {
    guard: 'A row is demoted only to a file that nobody has on record',
    without: 'a row leads to a file that is being removed',
    marker: 'demoted-to-a-file-of-nobody',
    change: { value: 'demoted(row, read.rev, copy, false)' },
  },
  {
    guard: 'A tombstone that has ended has no purge',
    without: 'the sweeper is told of it again and again',
    marker: 'ended-tombstone-has-no-purge',
    change: 'remove',
  },
  {
    guard: 'The tallies change with the row, in its transaction',
    without: 'a job is called complete while files are left',
    marker: 'tallies-change-with-the-row',
    change: 'remove',
  },
  {
    guard: 'A success ends the wait that failures caused',
    without: 'new bytes wait for hours, or for ever, for the failures of old ones',
    marker: 'success-ends-the-wait',
    change: 'remove',
  },
  {
    guard: 'An object is adopted only at the revision that was read',
    without: 'the bytes of before a replace are put in their place again',
    marker: 'match-at-its-revision',
    change: { value: 'row && adoptedBesideFile(row, row.rev, remote, md5)' },
  },
  {
    guard: 'A file of plain Strapi is taken up only at the revision that was read',
    without: 'a file that was written without the plugin takes the place of a later replacement',
    marker: 'takes-up-what-it-read',
    change: { value: 'row && takenUp(row, row.rev, file, rule)' },
  },
  {
    guard: 'The path of a file that is taken up is not on record any more',
    without: 'the sweeper removes the file, if it has the bytes of the one that was condemned there',
    marker: 'taken-up-path-is-not-condemned',
    change: 'remove',
  },
  {
    guard: 'A relocation condemns the former object in the same transaction',
    without: 'every object that moves leaves its predecessor in the former bucket for ever',
    marker: 'relocation-condemns-the-former-object',
    change: 'remove',
  },
];

/** The source files of the SQL ledger. */
export function guardedLedgerSources(): Source[] {
  return readSources(path.resolve(__dirname, '../..')).filter(({ file }) => file.startsWith('server/src/adapters/database/ledger/'));
}

/** The part of docs/guards.md on them. @param row makes a row of the table */
export function ledgerGuards(row: (...cells: string[]) => string): string {
  const files = guardFiles(guardedLedgerSources());
  return `## Found by the contract of the SQL ledger

\`npm run verify:mutants -- --ledger\` takes each of these away from the SQL ledger, and runs its contract (\`tests/contract/ledger.test.ts\`) on
SQLite until an expectation is not met.

${row('Guard', 'What goes wrong without it', 'Where')}
| --- | --- | --- |
${LEDGER_MUTANTS.map(({ guard, without, marker }) => row(guard, without, `\`${files.get(marker)?.slice('server/src/'.length)}\``)).join('\n')}
`;
}
