import type { Change } from './guard-markers';

/**
 * The guards that the promises rest on. Each names the marker of its guard in the source and a change that takes the guard away. The
 * search must then find a history that breaks a promise; `npm run verify:mutants` sees to that, and writes the table of
 * `docs/guards.md`.
 */
export interface Mutant {
  /** The rule, in the words of the design. */
  readonly guard: string;
  /** The harm that can happen without it. */
  readonly without: string;
  /** The slug of the comment `// guard: <slug>`, which stands once below `server/src/`. */
  readonly marker: string;
  readonly change: Change;
  /** The seed of a search that finds a history soon, where the usual one takes thousands. Default: 1. */
  readonly seed?: number;
}

export const MUTANTS: readonly Mutant[] = [
  {
    guard: 'The plain object name belongs to the first PUT of a key, and to no other, ever',
    without: 'a replace overwrites bytes that are live, or a late PUT does',
    marker: 'plain-name-once',
    change: 'remove',
  },
  {
    guard: 'A name under which something lies already is never written to',
    without: 'an object that somebody else put there is overwritten',
    marker: 'foreign-object-not-overwritten',
    change: { value: 'true' },
  },
  {
    guard: 'Only the write of a key that the library surely does not list spends the plain name without a look at what lies there',
    without: 'the only copy of a listed file, which lies in the bucket and was not adopted so far, is lost with a replacement that fails',
    marker: 'listed-key-is-asked-for',
    change: 'remove',
  },
  {
    guard: 'After a PUT of unknown outcome its name is burnt',
    without: 'the first attempt lands late, damaged, over the second',
    marker: 'unknown-outcome-burns-the-name',
    change: { value: 'false' },
  },
  {
    guard: 'A name that may hold bytes is condemned, never forgotten, also when the ledger fails',
    without: 'an object stays in the bucket of which nobody knows',
    marker: 'burnt-name-not-forgotten',
    change: 'later',
    seed: 4,
  },
  {
    guard: 'Bytes are proven by their checksum; existence and size prove nothing',
    without: 'an upload is acknowledged of which S3 stored other bytes',
    marker: 'checksum-is-the-proof',
    change: { value: 'true' },
  },
  {
    guard: 'Where S3 tells no checksum, the bytes are read back',
    without: 'an upload is acknowledged of which S3 stored other bytes',
    marker: 'bytes-are-read-back',
    change: { value: 'false' },
  },
  {
    guard: 'Inside a transaction of the host’s the plain object name is not used',
    without: 'after a roll-back its object passes for the file of the library',
    marker: 'no-plain-name-in-a-transaction',
    change: { value: 'false' },
  },
  {
    guard: 'The plain path on disk is for keys of which the library surely has no bytes',
    without: 'a replace that is not published yet, or was refused, is served from there',
    marker: 'plain-path-for-fresh-keys-only',
    change: { value: 'true' },
  },
  {
    guard: 'A file of the library’s that a write finds is recorded before it is replaced',
    without: 'the old file stays on the disk for ever',
    marker: 'found-file-is-recorded',
    change: 'remove',
  },
  {
    guard: 'What a replace writes is staged until the request has succeeded',
    without: 'a replace that was answered with an error is served',
    marker: 'replace-is-staged',
    change: 'remove',
  },
  {
    guard: 'All keys of one replace are published in one transaction',
    without: 'an image and its formats are of two versions',
    marker: 'replace-in-one-transaction',
    change: 'one by one',
    seed: 5,
  },
  {
    guard: 'All keys of one replace have one ticket',
    without: 'of two replaces at once each wins some of the formats',
    marker: 'replace-has-one-ticket',
    change: { value: 'true' },
  },
  {
    guard: 'What a failed upload had published is buried',
    without: 'bytes stay in the bucket that no file leads to',
    marker: 'failed-upload-is-buried',
    change: 'remove',
    seed: 5,
  },
  {
    guard: 'A write publishes only while its name is still pending',
    without: 'a process that slept for a day publishes a name that is being removed',
    marker: 'publishes-pending-names-only',
    change: 'remove',
    seed: 2,
  },
  {
    guard: 'A write with a later ticket stays',
    without: 'the slower of two replaces brings old bytes back',
    marker: 'later-ticket-stays',
    change: 'remove',
    seed: 6,
  },
  {
    guard: 'A tombstone does not outrank a write',
    without: 'a replace is lost when Strapi’s own delete failed',
    marker: 'tombstone-outranks-no-write',
    change: { value: 'true' },
  },
  {
    guard: 'What a write supersedes is condemned in the same transaction',
    without: 'every replace leaves its predecessor in the bucket for ever',
    marker: 'superseded-is-condemned',
    change: 'remove',
  },
  {
    guard: 'An upload job commits only to the revision it read',
    without: 'the bytes of before a replace are put in their place again',
    marker: 'upload-commits-at-its-revision',
    change: { value: 'true' },
    seed: 3,
  },
  {
    guard: 'A restore commits only to the revision it read',
    without: 'the bytes of before a replace lie on the disk as the present ones',
    marker: 'restore-commits-at-its-revision',
    change: 'remove',
  },
  {
    guard: 'A file settles onto its plain path only at the revision it read',
    without: 'on the way out of S3 the path gets the bytes of before a replace',
    marker: 'settles-at-its-revision',
    change: 'remove',
    seed: 9,
  },
  {
    guard: 'A plain path where another file lies is not the settling one’s',
    without: 'the ledger leads to somebody else’s bytes',
    marker: 'taken-plain-path-not-settled',
    change: 'remove',
  },
  {
    guard: 'A purge ends only the tombstone it read',
    without: 'a file that was uploaded again meanwhile is deleted',
    marker: 'purge-ends-its-own-tombstone',
    change: 'remove',
  },
  {
    guard: 'A purge asks the library whether it still lists the key',
    without: 'a file is deleted whose delete failed or was rolled back',
    marker: 'purge-asks-the-library',
    change: 'remove',
    seed: 3,
  },
  {
    guard: 'Cleanup proves the object in S3 before it lets go of the file',
    without: 'the last intact copy is removed when somebody damaged the object',
    marker: 'cleanup-proves-the-object',
    change: 'remove',
  },
  {
    guard: 'The sweeper proves the object once more before the file goes that a cleanup has condemned',
    without: 'the last intact copy is removed when somebody damaged the object meanwhile',
    marker: 'sweep-proves-the-object-again',
    change: 'remove',
  },
  {
    guard: 'Where it is damaged, the row gets that file back',
    without: 'a file whose bytes are on the disk is in no bucket, and lies there condemned for ever',
    marker: 'damaged-object-gives-the-file-back',
    change: { value: 'undefined' },
    seed: 3,
  },
  {
    guard: 'An upload is left out only where the object under the plain name is proven to have the same bytes',
    without: 'somebody else’s object passes for the file',
    marker: 'same-object-is-proven',
    change: { value: 'seen' },
  },
  {
    guard: 'What was absent when the bucket was listed is put only if it still is, by S3’s own word',
    without: 'an object that somebody else has put there since is overwritten',
    marker: 'unasked-put-only-if-absent',
    change: 'remove',
  },
  {
    guard: 'A file that the ledger has not seen is looked for on the disk first, then in the bucket',
    without: 'an object of somebody else’s with the same name is taken for it',
    marker: 'unseen-file-disk-first',
    change: 'remove',
  },
  {
    guard: 'The object’s ETag is the ledger’s before the first byte is served',
    without: 'an object that somebody damaged is served',
    marker: 'etag-before-the-first-byte',
    change: { value: 'true' },
    seed: 3,
  },
  {
    guard: 'A buried key is served as long as the library lists it',
    without: 'a file answers 404 while, or after, its delete fails',
    marker: 'buried-but-listed-is-served',
    change: { value: 'true' },
  },
  {
    guard: 'A listed file that is found nowhere is unavailable, not missing',
    without: 'a replica answers 404 for a file on another one’s disk',
    marker: 'listed-is-never-missing',
    change: { value: "{ kind: 'unknown' }" },
  },
  {
    guard: 'A row is remembered for two seconds at most',
    without: 'another replica serves old bytes for longer',
    marker: 'row-remembered-briefly',
    change: { value: '60_000' },
  },
  {
    guard: 'The process that published forgets the row it remembered',
    without: 'old bytes are served after the replace was answered',
    marker: 'publisher-forgets-the-row',
    change: 'remove',
  },
  {
    guard: 'A condemned name is removed a second time a day later',
    without: 'a PUT that lands after the first removal stays for ever',
    marker: 'names-are-removed-twice',
    change: { value: 'true' },
  },
  {
    guard: 'A name that nobody has touched for a day is condemned',
    without: 'what a crashed process was writing stays for ever',
    marker: 'untouched-names-are-condemned',
    change: { value: 'false' },
  },
];

/** A guard that the simulation cannot take away, because it replaces the code around it, or because a second guard does the same. */
export interface GuardElsewhere extends Pick<Mutant, 'guard' | 'without'> {
  /** The test's file, below `tests/`. */
  readonly file: string;
  /** The test that fails without it. */
  readonly test: string;
}

export const GUARDS_ELSEWHERE: readonly GuardElsewhere[] = [
  {
    guard: 'An upload job publishes only while its name is still pending',
    without: 'a process that slept for a day publishes a name that is being removed',
    file: 'contract/ledger/uploading.ts',
    test: 'are refused when the intent is lost',
  },
  {
    guard: 'An object is adopted only where no write of our own was given its name',
    without: 'an upload that is not proven yet passes for the file',
    file: 'core/ledger/transitions.test.ts',
    test: 'an object is not adopted where a write of our own was given the plain name',
  },
  {
    guard: 'A row whose query began before a publish is not remembered after it',
    without: 'old bytes are served after the replace was answered',
    file: 'core/media/row-cache.test.ts',
    test: 'a row whose query is under way when its key is forgotten is not remembered afterwards',
  },
  {
    guard: 'A condition of the client’s is compared with the bytes that are sent now, for a part as for the whole',
    without: 'after a replace a resumed download joins two versions of a file',
    file: 'http/uploads-middleware.test.ts',
    test: 'a resumed download never joins two versions',
  },
  {
    guard: 'What a middleware compresses on the way gets a weak tag and no ranges',
    without: 'a download that is resumed joins compressed bytes and others',
    file: 'http/uploads-middleware.test.ts',
    test: 'an answer that is compressed on the way has a weak ETag and no ranges, and no part is compressed',
  },
  {
    guard: 'Index files, extensions and other spellings of `/uploads` are looked up in the ledger, too',
    without: 'bytes on disk that are not current are served under another path',
    file: 'http/uploads-middleware.test.ts',
    test: 'no option of Strapi’s route leads to bytes on disk that are not current',
  },
  {
    guard: 'Two folders that are in use under one id are told, and nothing is judged by what lies in either',
    without: 'files of one are called missing because the other does not have them',
    file: 'core/volumes/twin-watch.test.ts',
    test: 'a copy in use beside its original is reported on both sides, when it is made %i minutes after the start',
  },
  {
    guard: 'Phase 2 frees no disk while a web server in front serves the uploads folder itself',
    without: 'every file that is moved is missing to visitors',
    file: 'core/jobs/cleanup/job.test.ts',
    test: 'nothing leaves the disk while a web server in front serves the folder itself',
  },
  {
    guard: 'Nothing is recorded on a disk whose id can be neither read nor written',
    without: 'files are looked for on a disk that nobody will ever find',
    file: 'core/media/unwritable-disk.test.ts',
    test: 'takes no fallback: without S3 an upload fails with DISK_ERROR, and the ledger records no file on the disk',
  },
  {
    guard: 'A file of another disk is served from this one only if its bytes are proven to be the recorded ones',
    without: 'another file of the same name is served',
    file: 'core/media/media-storage.test.ts',
    test: 'a file of another server’s disk is served from this disk only with exactly the recorded bytes',
  },
  {
    guard: 'Where there are no hard links a file is created exclusively',
    without: 'a fallback takes the place of somebody else’s file',
    file: 'core/store/local/no-hard-links.test.ts',
    test: 'takes a file whole, overwrites nothing, and keeps no temporary file',
  },
  {
    guard: 'The bytes of an upload are taken from where Strapi’s own provider takes them',
    without: 'what a scanner or watermark has made of a file is refused, or the original is stored in its place',
    file: 'adapters/strapi/upload-provider.test.ts',
    test: 'can be a changed stream at each attempt, and for the disk when S3 takes none of them',
  },
  {
    guard: 'A delete buries a key that the ledger has never seen, too',
    without: 'a file that a reader takes up from the bucket just then is served for ever, although it was deleted',
    file: 'contract/ledger/burying.ts',
    test: 'bury makes a row for a key without one, and an object that is adopted meanwhile is purged with it',
  },
  {
    guard: 'A purge asks the library for formats of any name',
    without: 'a format that another plugin has named is deleted, although an image has it',
    file: 'core/media/media-storage.test.ts',
    test: 'a delete of a format that an image still has is taken back, although something else has named the format',
  },
  {
    guard: 'What Strapi has written since the library was last gone through is looked at before anything counts as unlisted',
    without: 'a format that was listed a moment ago is purged',
    file: 'adapters/strapi/media-catalog.test.ts',
    test: 'sees what Strapi has written since the last look, be the file new or an old one',
  },
  {
    guard: 'A look at the library that began before the question does not answer it',
    without: 'the same, of a format that is listed while the library is gone through',
    file: 'adapters/strapi/media-catalog.test.ts',
    test: 'never answers from a look at the library that began before the question',
  },
  {
    guard: 'The bytes of a row without an ETag are held back until their checksum fits',
    without: 'whatever answers at the endpoint with the right length is served for the file',
    file: 'core/media/media-reader.test.ts',
    test: 'is cut short when the object has other bytes of the same length',
  },
  {
    guard: 'So does an audit, before it calls a file unlisted, an object or a file an orphan',
    without: 'such a format is buried, and purged a week later',
    file: 'core/jobs/audit/findings.test.ts',
    test: 'a format with an unusual name counts as listed: it is not buried, and its bytes are no orphans',
  },
  {
    guard: 'A buried row that the library lists is read again before it is served',
    without: 'of a file that was deleted here and imported again elsewhere, the old bytes come back for two seconds',
    file: 'core/media/media-storage.test.ts',
    test: 'a file that was deleted here and imported again by another process never shows its old bytes once more',
  },
  {
    guard: 'A tombstone counts before what lies on a disk, or in the bucket, that nobody has recorded',
    without: 'what another server has deleted is served from a disk that it does not have',
    file: 'core/media/media-storage.test.ts',
    test: 'an unrecorded file on this disk is not served after a server without this disk has deleted it',
  },
  {
    guard: 'The sweeper gives a condemned copy back only where the bucket has another object as it was stored',
    without: 'from a wrong bucket, rows forget the objects that the right one still has',
    file: 'core/sweep/sweep.test.ts',
    test: 'does not make its row forget the object when the bucket is empty; a run asks for the witness once',
  },
  {
    guard: 'Where the bucket has no other object, the row has the file again beside its damaged object',
    without: 'a file whose only copy is a condemned file is served by nobody, and lies there for ever',
    file: 'core/sweep/sweep.test.ts',
    test: 'is served when its object is lost, and becomes a copy beside it while the bucket has no witness: %s, case %#',
  },
  {
    guard: 'A condemned file is compared with the ledger’s checksum before readers get it',
    without: 'what somebody has changed since is served for the file',
    file: 'core/sweep/sweep.test.ts',
    test: 'is served while S3 is away, but never with other bytes than were stored',
  },
  {
    guard: 'It looks for the object once more after that, and compares the copy with the ledger',
    without: 'a file that S3 has is sent again, or other bytes are served',
    file: 'core/sweep/sweep.test.ts',
    test: 'is left alone when the bucket has the object at a second look',
  },
  {
    guard: 'Where S3 refuses to overwrite, the name is forgotten, not condemned',
    without: 'the sweeper removes somebody else’s object, where that has the same size',
    file: 'core/jobs/upload/free-names.test.ts',
    test: 'an object that comes into the bucket after the listing is not overwritten, and never removed',
  },
  {
    guard: 'An object that cannot be that of a write which never ended is left alone',
    without: 'the sweeper removes what somebody else has put under the name since',
    file: 'core/sweep/sweep.test.ts',
    test: 'an object that somebody else put under a killed process’s name is left alone, and the log names it',
  },
  {
    guard: 'Steps of the ledger that are taken together keep each file with its own bytes',
    without: 'one file’s row points to another one’s object',
    file: 'contract/ledger/uploading-together.ts',
    test: 'are committed each with its own object, ETag and bytes',
  },
  {
    guard: 'Changes of the ledger join Strapi’s transaction',
    without: 'a rolled-back delete loses the file; on SQLite the two wait for each other for ever',
    file: 'adapters/database/ambient.test.ts',
    test: 'a rollback undoes everything',
  },
  {
    guard: 'An intent is known by its id and its name',
    without: 'after a roll-back on SQLite the id is drawn again, and one write publishes another one’s name',
    file: 'adapters/database/ambient.test.ts',
    test: 'an intent that was rolled back is lost, even if its id was drawn again',
  },
  {
    guard: 'A COMMIT of unknown outcome is not repeated, and nothing is undone: the rows are read again',
    without: 'a write happens twice, or one that was committed is removed',
    file: 'adapters/database/transactions.test.ts',
    test: 'is not repeated after any other failure, above all not after a COMMIT of unknown outcome',
  },
  {
    guard: 'Ids of names never come back',
    without: 'two writes share a ticket, or a name',
    file: 'contract/ledger/keys-and-places.ts',
    test: 'have names and tombstones whose ids never come back',
  },
  {
    guard: 'A name that is pending or awaits the sweeper is not given out',
    without: 'the sweeper removes what was just written',
    file: 'contract/ledger/beginning.ts',
    test: 'does not give a plain path that is pending or awaits the sweeper',
  },
  {
    guard: 'Nothing leads out of “condemned” but the sweeper',
    without: 'a name that is being removed becomes live again',
    file: 'contract/ledger/sweeping.ts',
    test: 'stay condemned through a later touch, forget or write',
  },
  {
    guard: 'A cleanup commits only to the revision it proved',
    without: 'a disk is freed of bytes that nobody proved in S3',
    file: 'contract/ledger/cleaning.ts',
    test: 'changes nothing when the row has moved on',
  },
  {
    guard: 'An object is taken for a library file’s upload only if no write of our own was given its name',
    without: 'an upload that lands late takes the place of the object that was proven',
    file: 'contract/ledger/migrating.ts',
    test: 'is refused once a write of the plugin’s own was given the plain name, whatever became of it',
  },
  {
    guard: 'Phase 2 waits for phase 1 on its disk',
    without: 'files leave the disk while others of the same library have not come to S3 yet',
    file: 'core/jobs/cleanup/job.test.ts',
    test: 'phase 2 does not begin before phase 1 is complete, and pauses when phase 1 is no longer complete',
  },
  {
    guard: 'A file leaves the disk only if its object can be read, and for good',
    without: 'the only readable copy of a file goes whose object a lifecycle rule has archived, or that nobody may read',
    file: 'core/jobs/cleanup/job.test.ts',
    test: 'keeps its file on the disk when %s',
  },
  {
    guard: 'A size that a HEAD does not tell is asked for, and never taken for zero',
    without: 'every healthy object behind a certain proxy is called changed',
    file: 'core/store/s3/head-length.test.ts',
    test: '%s keeps its size, and is proven',
  },
  {
    guard: 'Nothing in the environment of the AWS SDK changes where requests go',
    without: 'files are sent to another store than the panel and the ledger say, and missed in this one',
    file: 'core/store/s3/environment.test.ts',
    test: 'requests follow the settings alone, whatever the environment and the shared files of the SDK say',
  },
  {
    guard: 'A row is claimed by one process at a time',
    without: 'replicas on one disk do everything twice (no harm, but no help either)',
    file: 'contract/ledger/concurrency.ts',
    test: 'no row is claimed twice, and all are claimed',
  },
  {
    guard: 'The disk refuses to overwrite, whoever wrote the file',
    without: 'a fallback takes the place of somebody else’s file',
    file: 'core/store/local/local.test.ts',
    test: 'put refuses to overwrite a file that somebody else wrote, and leaves no temporary file',
  },
  {
    guard: 'A file is synchronised, then its name, before the ledger hears of it',
    without: 'after a power cut the ledger leads to an empty file, or to none',
    file: 'core/store/local/local-durable.test.ts',
    test: 'put gives a file its name after the bytes are synchronised, and resolves after the name is synchronised',
  },
  {
    guard: 'A file at a plain path is removed only if it is the one that was condemned',
    without: 'a file that somebody put there meanwhile is deleted',
    file: 'core/store/local/known-removal.test.ts',
    test: 'is kept aside when a third file takes the path before it is put back, and neither is lost',
  },
  {
    guard: 'A removal asks, with the file out of everybody’s reach, whether it is still due',
    without: 'a sweeper that stood still removes the file that was given the same path since',
    file: 'core/jobs/leave/settle.test.ts',
    test: 'a sweeper that stood still while its path was freed and settled again does not remove the file',
  },
  {
    guard: 'Leaving records a plain path only when nothing else has it on record',
    without: 'a file settles where the sweeper is about to remove one',
    file: 'core/jobs/leave/settle.test.ts',
    test: 'a file does not settle at a path while the removal of the former file is due',
  },
  {
    guard: 'A file that settles has both names until the ledger knows the new one, and a day longer',
    without: 'a visitor who comes in between finds nothing, and after a crash nobody does',
    file: 'core/jobs/leave/settle.test.ts',
    test: 'a file gets its plain path while leaving; its own name goes a day later, and its bytes stay',
  },
  {
    guard: 'A file is compared with the ledger before it settles',
    without: 'after the plugin is gone Strapi serves a damaged file, whose object nobody looks for any more',
    file: 'core/jobs/leave/settle.test.ts',
    test: 'a damaged copy on the disk is not settled, and the next run fetches the file once more',
  },
  {
    guard: 'A path on which a file was replaced rests before it gets other bytes',
    without: 'a process that still serves by the row of before answers with the new bytes, under the old checksum',
    file: 'core/upkeep/settle-here.test.ts',
    test: 'a file does not settle while a process may still remember its row from before the replace',
  },
  {
    guard: 'Unfinished uploads in parts are aborted under our own names only',
    without: 'another program’s upload to the same bucket breaks',
    file: 'core/store/s3/unfinished.test.ts',
    test: 'the sweeper aborts unfinished uploads under a crashed write’s name, also late ones, and nobody else’s',
  },
  {
    guard: 'Temporary files are removed by their own names and after a day only',
    without: 'a slow upload loses its file, or a neighbour one of theirs',
    file: 'core/store/local/temporary-files.test.ts',
    test: 'a writer that is at work keeps its temporary file, however long ago it began',
  },
  {
    guard: 'With onOutage: reject, nothing is kept by halves',
    without: 'an image of which S3 took some formats is mixed up',
    file: 'core/media/on-outage.test.ts',
    test: 'with onOutage: reject an image is refused as a whole when S3 takes only some of its files',
  },
  {
    guard: 'A file on another replica’s disk is unavailable (503), never missing',
    without: 'browsers and caches remember that a file does not exist',
    file: 'integration/replicas.test.ts',
    test: 'a file that fell back to one process’s disk answers 503 in the other, never 404, until it is in S3',
  },
  {
    guard: 'A copy of production reads the bucket and changes nothing in it',
    without: 'a staging server deletes production’s files',
    file: 'integration/production-only.test.ts',
    test: 'uploads, replaces, deletes and tests in a copy of production change no object in the bucket',
  },
  {
    guard: 'What the previous version writes works on the new schema',
    without: 'uploads fail while a deploy replaces one replica after the other',
    file: 'adapters/database/rolling.test.ts',
    test: 'lets the previous version write and read every column, and the present one work with its rows',
  },
  {
    guard: 'A boot waits for a neighbour that migrates, and frees a lock that a killed one left',
    without: 'a process starts on half a schema, or never again',
    file: 'adapters/database/migrate.test.ts',
    test: 'frees a lock that a killed process left',
  },
  {
    guard: 'An object of another place is served only when its MD5, its tag or its bytes prove it to be a copy',
    without: 'after a change of endpoint somebody else’s object of the same name is served for the file',
    file: 'core/buckets/stand-in.test.ts',
    test: 'is unavailable after its object was exchanged for other bytes, although the former object was proven',
  },
  {
    guard: 'Nothing is deleted in the present bucket by a name that was written in another place',
    without: 'a delete takes away an object that belongs to somebody else, or to another copy of the project',
    file: 'core/buckets/stand-in.test.ts',
    test: 'the sweeper deletes nothing in the present bucket by a name that was written in another location',
  },
  {
    guard: 'A pair of keys that nobody typed in is used at its own place only',
    without: 'files are written to a stranger’s server, signed with the keys of the environment or of a role',
    file: 'core/settings/service.test.ts',
    test: 'turns S3 off at a place that is not its own: %s',
  },
  {
    guard: 'A file that Strapi changed while the plugin was away is looked at on the disk before it is served',
    without: 'visitors get the bytes of before a replacement, and nobody ever notices',
    file: 'integration/away.test.ts',
    test: 'after a boot without the plugin every URL serves what plain Strapi has made of it, and nothing is lost',
  },
  {
    guard: 'A file that the disk or the database does not tell of after an absence is unavailable, and no other one is',
    without: 'old bytes are served, or a whole site answers 503 for one file',
    file: 'core/upkeep/absence/absence.test.ts',
    test: 'a file that changed meanwhile is unavailable, and no other one is',
  },
  {
    guard: 'A condemned file at a plain path never wins over the bytes that replaced it',
    without: 'an ordinary restart brings back a file of before a replacement',
    file: 'core/upkeep/absence/absence.test.ts',
    test: 'a fallback that S3’s bytes have replaced minutes before an ordinary restart',
  },
  {
    guard: 'A file that Strapi cannot have written for the library’s row never wins',
    without: 'a copied uploads folder brings old bytes back',
    file: 'core/upkeep/absence/absence.test.ts',
    test: 'a file in a folder that was copied meanwhile: it is younger than the library’s change, or has another size than the library says',
  },
  {
    guard: 'A replacement or a deletion through the plugin is later than whatever was written while it was away',
    without: 'a replacement that was acknowledged is undone, or a deleted file is back',
    file: 'core/upkeep/absence/absence.test.ts',
    test: 'a replacement or a deletion that begins before the look is later than the file',
  },
  {
    guard: 'What was deleted while the plugin was away rests for a week, and an empty library deletes nothing',
    without: 'a library that is being restored loses its bytes',
    file: 'core/upkeep/absence/absence.test.ts',
    test: 'an empty library deletes nothing, and the log says so',
  },
  {
    guard: 'A look that has not come to its end is done again by the next start',
    without: 'a crash at boot makes old bytes the current ones for ever',
    file: 'core/upkeep/absence/absence.test.ts',
    test: 'the next start looks again, if this one has not come to its end',
  },
];
