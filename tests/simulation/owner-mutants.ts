import type { Change } from './guard-markers';

/**
 * The guards of the bucket’s owner and of former buckets. Most of them need clocks, stores and copies that the histories do not have, so unit tests notice when
 * one is not there: `npm run verify:mutants -- --owner` takes each away and runs {@link OWNER_TESTS}.
 */
export interface OwnerMutant {
  /** The rule, in the words of the design. */
  readonly guard: string;
  /** The harm that can happen without it. */
  readonly without: string;
  /** The slug of the comment `// guard: <slug>`, which stands once below `server/src/`. */
  readonly marker: string;
  readonly change: Change;
}

/** The tests that notice, as a glob of their files below `tests/`. */
export const OWNER_TESTS = '@(core/buckets/owner/*|core/buckets/connections|core/buckets/probe/connection-test|core/instance|core/admin/@(claim|settings)|core/settings/kept-keys|core/media/copies|core/media/hot-objects|core/jobs/relocate/*).test.ts';

export const OWNER_MUTANTS: readonly OwnerMutant[] = [
  {
    guard: 'Before the first answer of S3 about its owner, and for another owner, the bucket is not writable',
    without: 'a copy sends and removes objects before it knows that it is one',
    marker: 'writable-only-for-the-owner',
    change: { value: 'connection.bucket' },
  },
  {
    guard: 'A database that is not the owner of its bucket only reads it',
    without: 'a copy of production changes production’s bucket',
    marker: 'only-the-owner-changes-the-bucket',
    change: 'remove',
  },
  {
    guard: 'The purge waits until the owner is known',
    without: 'a copy whose S3 is slow condemns files that production needs',
    marker: 'purge-waits-for-the-owner',
    change: 'remove',
  },
  {
    guard: 'A copy believes S3 that an object is gone',
    without: 'a file that production has removed is a 503 for ever on its copy',
    marker: 'a-copy-believes-a-404',
    change: { value: 'undefined' },
  },
  {
    guard: 'A database with another identity than the one that wrote its record is a copy, also without a marker',
    without: 'a copy writes the lost marker again and takes the bucket',
    marker: 'copy-knows-itself-without-a-marker',
    change: 'remove',
  },
  {
    guard: 'An area that the marker gives to another owner is that one’s',
    without: 'of two projects with one prefix the second removes the files of the first',
    marker: 'another-owner-is-respected',
    change: { value: '!record' },
  },
  {
    guard: 'A marker that another database has written makes this one a copy',
    without: 'a copy of production counts as production',
    marker: 'another-database-is-a-copy',
    change: 'remove',
  },
  {
    guard: 'The owner’s marker has the token of its record, or the one before',
    without: 'a database from last week’s backup removes this week’s files',
    marker: 'marker-must-be-in-step',
    change: { value: 'true' },
  },
  {
    guard: 'Where a store refuses the condition, the marker is looked at again before it is written',
    without: 'of two claims at once each believes to have won',
    marker: 'marker-is-looked-at-again',
    change: 'remove',
  },
  {
    guard: 'A removal needs a look at the marker of the last seconds',
    without: 'a former owner removes what the new one needs, because S3 was silent',
    marker: 'removals-need-a-fresh-look',
    change: { value: "this.of(target.area.id).state === 'own'" },
  },
  {
    guard: 'A claim names the owner whom the person saw',
    without: 'a person takes the bucket from somebody whom he has never seen',
    marker: 'claim-names-the-owner',
    change: 'remove',
  },
  {
    guard: 'A record whose marker may have been written stays',
    without: 'the first marker of unknown outcome locks its own database out',
    marker: 'unknown-outcome-keeps-the-record',
    change: 'remove',
  },
  {
    guard: 'A lost marker is written again only in the bucket that is surely the right one',
    without: 'an empty bucket by mistake becomes the project’s, and its files count as lost',
    marker: 'lost-marker-only-in-the-right-bucket',
    change: 'remove',
  },
  {
    guard: 'S3_STORAGE_CLAIM counts for the owner that it names, and for no later one',
    without: 'a copy of a server with this variable takes the bucket at each start',
    marker: 'claim-in-the-environment-names-the-owner',
    change: { value: 'claimsFrom !== null' },
  },
  {
    guard: 'A copy that shares even the identity loses the bucket to the process that has had it for longer',
    without: 'a copied virtual machine demotes production',
    marker: 'the-elder-keeps-the-bucket',
    change: { value: 'true' },
  },
  {
    guard: 'A sign of life moves the database before the marker',
    without: 'of two processes at once, or after a crash, the database no longer knows its own marker',
    marker: 'epoch-moves-in-the-database-first',
    change: 'remove',
  },
  {
    guard: 'A sign of life needs a look that S3 has just answered',
    without: 'where a store ignores conditions, a former owner undoes a claim',
    marker: 'sign-of-life-needs-an-answer',
    change: 'remove',
  },
  {
    guard: 'An instance that may only read gives no sign of life',
    without: 'a copy by its settings writes into production’s bucket',
    marker: 'no-sign-of-life-from-a-reader',
    change: { value: "look.ownership.state !== 'own' || (!atOnce && clock.elapsed() - look.tokenSince < SIGN_OF_LIFE_MS)" },
  },
  {
    guard: 'An instance that may only read takes no area and marks none again',
    without: 'a copy that boots before production demotes it',
    marker: 'only-an-instance-with-rights-takes-an-area',
    change: 'remove',
  },
  {
    guard: 'The connection test writes nothing into the area of another owner',
    without: 'a person tries settings out in production’s bucket, and hears nothing of its owner',
    marker: 'connection-test-respects-the-owner',
    change: { value: 'true' },
  },
  {
    guard: 'A claim by a copy that has deleted files is confirmed',
    without: 'a person who moves production removes what somebody has deleted on its copy to try something',
    marker: 'deletions-of-a-copy-are-confirmed',
    change: 'remove',
  },
  {
    guard: 'Whoever saw another owner marks no area whose marker is lost',
    without: 'the former owner takes the bucket back from the present one as soon as the marker is lost',
    marker: 'a-lost-marker-frees-nobody-elses-area',
    change: 'remove',
  },
  {
    guard: 'A database knows its own area under another name of the server',
    without: 'another spelling of the endpoint makes a database a stranger to its own files',
    marker: 'another-name-of-the-own-area',
    change: { value: 'undefined' },
  },
  {
    guard: 'A change that leads to another area while files have objects is confirmed',
    without: 'a typing error puts a whole library out of sight, and nobody was told',
    marker: 'a-move-is-confirmed',
    change: 'remove',
  },
  {
    guard: 'The pair of keys of a former bucket is kept when another takes its place',
    without: 'files at the former provider cannot be read any more after a change of the settings',
    marker: 'former-keys-are-kept',
    change: { value: 'stored.kept' },
  },
  {
    guard: 'A kept pair of keys goes only to the target for which somebody entered it',
    without: 'whoever can write the database lets the server sign requests to a place of their own',
    marker: 'kept-keys-go-to-their-own-target',
    change: { value: 'opened !== null' },
  },
  {
    guard: 'A relocation commits only to the revision it read',
    without: 'the bytes of before a replace are put in their place again',
    marker: 'relocation-commits-at-its-revision',
    change: 'remove',
  },
  {
    guard: 'The sweeper proves the present object once more before a former one with the same bytes goes',
    without: 'the last intact object is removed when somebody damaged the new one meanwhile',
    marker: 'sweep-proves-the-relocated-object',
    change: 'remove',
  },
  {
    guard: 'Where the present object is damaged, the file is sent again from the former one',
    without: 'a file whose bytes are in a former bucket is lost, and the former object stays for ever',
    marker: 'damaged-object-is-sent-again',
    change: 'remove',
  },
  {
    guard: 'The bytes that memory holds were proven by their checksum',
    without: 'bytes that were damaged on the way are served again and again',
    marker: 'held-bytes-are-proven',
    change: { value: 'true' },
  },
];

/** The part of docs/guards.md on them. @param row makes a row of the table @param files the file of each guard */
export function ownerGuards(row: (...cells: string[]) => string, files: ReadonlyMap<string, string>): string {
  return `## Found by the tests of the owner and of former buckets

\`npm run verify:mutants -- --owner\` takes each of these away, and runs the unit tests on the bucket’s owner and on former
buckets until an expectation is not met. The histories play copies of a server as well (\`npm run verify:histories -- --copies\`).

${row('Guard', 'What goes wrong without it', 'Where')}
| --- | --- | --- |
${OWNER_MUTANTS.map(({ guard, without, marker }) => row(guard, without, `\`${files.get(marker)?.slice('server/src/'.length)}\``)).join('\n')}
`;
}
