/**
 * Every way in which an operation of this plugin can fail, as a closed set. `message` says what happened, and `hint` what to do about it.
 * Server and panel share these texts; the program itself decides by the code and never by a text.
 * This file is long because it is one table: each failure has its code and its only English text here.
 */
export const ERRORS = {
  // the network between this server and S3
  UNREACHABLE: {
    message: 'The S3 endpoint could not be reached.',
    hint: 'Check the endpoint’s host name and port, and that this server may connect to it.',
  },
  TIMEOUT: {
    message: 'The S3 endpoint did not answer in time.',
    hint: 'Check firewalls and proxies between this server and the endpoint. You can set a larger timeout for reads and background jobs under Advanced; an editor’s upload waits four seconds at most.',
  },
  PROXY_NOT_USED: {
    message: 'This server’s environment names a proxy, but the plugin connects to S3 directly.',
    hint: 'Let this server connect to the endpoint directly. If that is what you want, name the endpoint in NO_PROXY, and this note disappears.',
  },
  PUBLIC_ENDPOINT_NEEDED: {
    message: 'Visitors are to get files from S3, but browsers probably cannot reach the endpoint: it is an internal address.',
    hint: 'Under Delivery to visitors, enter the endpoint for browsers, or let this server send the files.',
  },
  TLS_FAILED: {
    message: 'A secure connection to the S3 endpoint could not be made.',
    hint: 'Check that the certificate is valid for the endpoint’s host name, and whether the address must begin with http or https.',
  },
  ENDPOINT_REDIRECTS: {
    message: 'The endpoint redirects to another address.',
    hint: 'Enter the address to which it redirects, including https:// or http://. The plugin does not follow redirects, because a signature is valid for one host only.',
  },
  HEAD_WITHOUT_LENGTH: {
    message: 'Something between this server and S3 removes the length of objects from the answers to HEAD requests.',
    hint: 'Files are safe: the plugin asks for the length in another way, which costs one more request each time. To avoid that, let the proxy pass Content-Length.',
  },
  NOT_S3: {
    message: 'Something answered at the endpoint, but it does not speak S3.',
    hint: 'Check the endpoint’s address and port: this may be the web console or another server.',
  },
  TEST_RUNNING: {
    message: 'A connection test is already running.',
    hint: 'It takes 15 seconds at most. Try again after that.',
  },
  CIRCUIT_OPEN: {
    message: 'S3 failed repeatedly, so the plugin leaves it alone for a moment.',
    hint: 'You need not do anything: the plugin asks S3 again by itself, and sends the files on the local disk as soon as S3 answers.',
  },
  // answers of S3
  THROTTLED: {
    message: 'S3 asked to slow down.',
    hint: 'Background jobs move fewer files at once for a while. If this happens often, lower the concurrency or ask the provider about its limits.',
  },
  SERVER_ERROR: {
    message: 'S3 reported an internal error.',
    hint: 'Look at the provider’s status page. The plugin asks S3 again by itself.',
  },
  ACCESS_DENIED: {
    message: 'S3 knows the credentials, but they may not do this.',
    hint: 'Grant this key s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket.',
  },
  CORS_DENIED: {
    message: 'This key may not change the CORS rules of the bucket.',
    hint: 'Grant it s3:GetBucketCORS and s3:PutBucketCORS until the rule is there, or paste the rule into the provider’s console.',
  },
  CORS_UNSUPPORTED: {
    message: 'This S3 server keeps no CORS rules for a bucket.',
    hint: 'Look in its documentation for a setting of the whole server. MinIO allows scripts of all sites by itself.',
  },
  ENCRYPTION_DEMANDED: {
    message: 'The bucket’s policy refuses uploads that do not ask for encryption.',
    hint: 'Remove that statement from the bucket policy, and turn on the bucket’s default encryption. S3 then encrypts every object, even without the header, which this plugin does not send.',
  },
  INVALID_ACCESS_KEY: {
    message: 'The endpoint does not know this access key ID.',
    hint: 'Check the access key ID, and that it belongs to this provider and region.',
  },
  SIGNATURE_MISMATCH: {
    message: 'The secret access key does not belong to this access key ID.',
    hint: 'Enter the secret again, without spaces around it. If it is lost, create a new key pair.',
  },
  CREDENTIALS_EXPIRED: {
    message: 'The session credentials have expired, or are no longer valid.',
    hint: 'The plugin asks again by itself for the credentials of a role or a shared file. If this goes on, check where they come from (the role, its token file, the shared credentials file), and this server’s clock.',
  },
  NO_CREDENTIALS: {
    message: 'No credentials were found.',
    hint: 'Enter an access key ID and a secret, or run this server with a role that may use the bucket.',
  },
  CLOCK_SKEW: {
    message: 'The clocks of this server and of the endpoint differ too much.',
    hint: 'Synchronise this server’s clock (NTP).',
  },
  BUCKET_NOT_FOUND: {
    message: 'The bucket does not exist at this endpoint.',
    hint: 'Check the bucket’s name and region, or create it.',
  },
  WRONG_REGION: {
    message: 'The bucket is in another region.',
    hint: 'Set the region in which the bucket was created.',
  },
  OBJECT_NOT_FOUND: {
    message: 'The object does not exist in the bucket.',
    hint: 'Run an audit to compare the media library with the bucket.',
  },
  UNSUPPORTED: {
    message: 'This S3 endpoint does not support the request.',
    hint: 'Choose the preset of your provider; “Other” uses the plainest requests.',
  },
  REJECTED: {
    message: 'S3 refused the request.',
    hint: 'Check bucket, region, endpoint and path style. The preset of your provider sets what the provider needs.',
  },
  TOO_LARGE: {
    message: 'The file is too large for S3, or for a proxy in front of it (413).',
    hint: 'A proxy in front of S3 probably limits the size of a request. Raise that limit (nginx: client_max_body_size), then retry. Other files are not affected.',
  },
  FILE_REFUSED: {
    message: 'This one file is refused on its way to S3, although S3 answers other requests.',
    hint: 'A firewall or proxy in front of S3 probably objects to the file. Look at its log, let the file pass, then retry. Other files are not affected.',
  },
  INTEGRITY: {
    message: 'S3 stored other bytes than the plugin sent.',
    hint: 'Nothing is lost: the bytes stay on disk, and the plugin sends them again. If it happens twice, tell the provider.',
  },
  // the disk and the uploaded bytes
  DISK_FULL: { message: 'The local disk is full.', hint: 'Free some space in the file system of the uploads folder.' },
  DISK_ERROR: { message: 'The local disk could not be read or written.', hint: 'Check the uploads folder and its permissions, and that its disk is mounted. If “strapi import” has emptied the folder, restart Strapi.' },
  VOLUME_TWIN: {
    message: 'Another uploads folder with the same id is in use: one is a copy of the other.',
    hint: 'Stop Strapi where the copy is, remove .s3-storage/volume from the copy (nothing else), and start Strapi again.',
  },
  FOLDER_NOT_WRITABLE: {
    message: 'Strapi cannot write to the uploads folder.',
    hint: 'Visitors still get the files in it, and uploads go on as long as S3 takes them. Make the folder writable for the user that runs Strapi (mount, owner, permissions). The plugin then uses it again by itself.',
  },
  NAME_TAKEN: { message: 'A file with this name exists already.', hint: 'Nothing was overwritten. Try again.' },
  NAME_UNFIT: {
    message: 'The file’s name is too long for this disk’s file system.',
    hint: 'The plugin does not need the name while it is installed. To leave S3, upload the file again under a shorter name, or move the uploads folder to a file system that accepts the name.',
  },
  BODY_FAILED: { message: 'The file to be stored could not be read.', hint: 'Upload it again.' },
  ABORTED: { message: 'The operation was cancelled.', hint: 'Try again.' },
  INVALID_KEY: {
    message: 'This file name cannot be used.',
    hint: 'Use a name of at most 1024 bytes without “..”, NUL, encoded slashes or a leading dot.',
  },
  INTENT_LOST: {
    message: 'The write took too long, so the name that was reserved for it was given up.',
    hint: 'Upload the file again.',
  },
  FILE_NOT_FOUND: {
    message: 'The media library has no such file.',
    hint: 'Give the file as Strapi returns it (with hash and ext, or url), one of its formats, or its address: /uploads/photo_1a2b.jpg.',
  },
  UNAVAILABLE: {
    message: 'The file’s bytes cannot be reached at the moment.',
    hint: 'They are in S3 or on another server’s disk. Try again shortly.',
  },
  UPLOAD_REFUSED: {
    message: 'S3 does not take uploads now, and this server is set to refuse uploads rather than keep them on its own disk. Nothing was stored or changed.',
    hint: 'Try again when S3 works. Settings → S3 Storage shows why it does not.',
  },
  // settings and modes
  NOT_CONFIGURED: { message: 'No bucket is configured.', hint: 'Enter bucket and credentials in Settings → S3 Storage.' },
  INVALID_SETTINGS: { message: 'Some settings are not valid.', hint: 'Correct the marked fields.' },
  INVALID_QUERY: { message: 'Some parameters of the request are not valid.', hint: 'Correct the named parameters.' },
  ENDPOINT_FORBIDDEN: {
    message: 'This endpoint is not allowed.',
    hint: 'Use an http(s) address without a user name. The plugin refuses link-local and metadata addresses.',
  },
  SECRET_REQUIRED: {
    message: 'The secret access key belongs to another endpoint, bucket or access key, and the plugin does not use it for this one without being asked.',
    hint: 'Enter an access key ID and its secret for this endpoint and bucket. Keys from the environment or the config file count for the endpoint and bucket that stand beside them, such as S3_STORAGE_ENDPOINT; a role of this server counts for Amazon S3.',
  },
  SECRET_UNREADABLE: {
    message: 'The stored secret cannot be decrypted with this server’s encryption key.',
    hint: 'Enter the secret access key again, or restore admin.secrets.encryptionKey.',
  },
  PROVIDER_NOT_LOCAL: {
    message: 'This project uses another upload provider.',
    hint: 'Remove the provider from config/plugins to let this plugin store the files.',
  },
  PRODUCTION_ONLY: {
    message: 'Production-only is on, and this server is not production.',
    hint: 'The plugin reads S3 and never changes it here. Set S3_STORAGE_ENV=production on the production server.',
  },
  MODE_OVERRIDE: {
    message: 'The environment variable S3_STORAGE_MODE restricts this instance.',
    hint: 'Remove S3_STORAGE_MODE to lift the restriction.',
  },
  BUCKET_OWNED: {
    message: 'Another database owns this part of the bucket, so this server only reads it.',
    hint: 'If another project uses the bucket, choose another prefix or bucket. If this project has moved here, claim the bucket: Settings → S3 Storage, or npx strapi-plugin-s3-storage claim.',
  },
  DATABASE_COPY: {
    message: 'This database is a copy of the one that owns the bucket, so this server only reads it.',
    hint: 'A copy of production is safe as it is: uploads and deletions stay on this server. If production has moved here, claim the bucket: Settings → S3 Storage, or npx strapi-plugin-s3-storage claim.',
  },
  DATABASE_BEHIND: {
    message: 'This database is older than the bucket: it was restored from a backup, or is a copy. This server only reads the bucket.',
    hint: 'If you have restored production on purpose, claim the bucket: Settings → S3 Storage, or npx strapi-plugin-s3-storage claim.',
  },
  MARKER_MISSING: {
    message: 'The bucket does not say any more who owns it, and has none of the known files. It may be another bucket, or somebody has emptied it.',
    hint: 'Check endpoint, bucket and prefix. If the bucket is the right one, claim it: Settings → S3 Storage, or npx strapi-plugin-s3-storage claim.',
  },
  MARKER_UNREADABLE: {
    message: 'The object .s3-storage-owner.json in the bucket, which says who owns it, cannot be read or understood.',
    hint: 'Let the key read it (s3:GetObject and s3:ListBucket), or update this plugin if a later version wrote it. If somebody has overwritten it, claim the bucket: Settings → S3 Storage, or npx strapi-plugin-s3-storage claim.',
  },
  OWNER_UNKNOWN: {
    message: 'S3 has not told yet who owns the bucket, so nothing in it is changed.',
    hint: 'You need not do anything: the plugin asks again every few seconds, and keeps files on this disk meanwhile.',
  },
  MOVE_UNCONFIRMED: {
    message: 'The new settings lead to another place, and files are in the present one. Nothing was stored.',
    hint: 'Look at the counts: the objects stay where they are, until the job relocate moves them. Send the change again with confirmMove: true if you want it all the same.',
  },
  CLAIM_OUTDATED: {
    message: 'The bucket’s owner has changed since you looked, so nothing was claimed.',
    hint: 'Look at the claim again, and decide anew.',
  },
  CLAIM_DELETES: {
    message: 'Files were deleted here while this server only read the bucket, and a claim would remove them from the bucket.',
    hint: 'Look at the numbers, and confirm the deletions. Or take the deletions back first: Settings → S3 Storage → Migration.',
  },
  NOTHING_TO_CLAIM: {
    message: 'There is nothing to claim here.',
    hint: 'This server already owns the bucket, or may not change it for another reason: see Settings → S3 Storage.',
  },
  LEAVING: {
    message: 'New files no longer go to S3, because “Stop using S3” was chosen.',
    hint: 'Nothing in the bucket changes any more. The restore brings the files back to the disk; “Use S3 again” undoes the choice.',
  },
  // jobs
  READ_ONLY: {
    message: 'This instance may not change S3 now, so this job cannot run here.',
    hint: 'Settings → S3 Storage says why. The job runs where S3 may be changed.',
  },
  UPLOAD_INCOMPLETE: {
    message: 'Phase 1, the upload of the existing library, is not complete on this disk, so nothing is removed from it.',
    hint: 'Start phase 1 and let it run to its end. Files that failed too often do not hold it up.',
  },
  UPLOADS_NOT_REACHED: {
    message: 'Requests for files do not reach this plugin at the project’s public address.',
    hint: 'A web server in front of Strapi seems to serve the uploads folder itself, so visitors would not get the files that are only in S3. Let it pass /uploads to Strapi. In nginx: “location ^~ /uploads/” with only “proxy_pass http://127.0.0.1:1337;” in it, no alias and no root. If the address is wrong, correct url in config/server, or set S3_STORAGE_PUBLIC_URL (“off” skips this check).',
  },
  UPLOADS_SERVED_FIRST: {
    message: 'A web server in front of Strapi sends files from the uploads folder itself, and asks this plugin only for files that are not there.',
    hint: 'Visitors may see the old version of a replaced file for a while. Let the web server pass all of /uploads to Strapi. In nginx: “location ^~ /uploads/” with only “proxy_pass http://127.0.0.1:1337;” in it, no try_files.',
  },
  OWN_FOLDER_EXPOSED: {
    message: 'Visitors can read the plugin’s own folder at the project’s public address.',
    hint: 'It may still have files that were replaced or deleted. Let the web server pass /uploads to Strapi instead of serving the folder itself, or deny /uploads/.s3-storage/.',
  },
  PUBLIC_URL_UNCHECKED: {
    message: 'The plugin could not check whether visitors’ requests for files reach it.',
    hint: 'Set url in config/server, or S3_STORAGE_PUBLIC_URL, to the address under which visitors load files. If a web server in front serves the uploads folder itself (nginx: alias or root), let it pass /uploads to Strapi before phase 2.',
  },
  RESTORE_WANTED: {
    message: 'A restore is bringing files back to the disk, and a cleanup would remove them again.',
    hint: 'Wait until the restore ends, or stop it.',
  },
  CLEANUP_WANTED: {
    message: 'The cleanup is running or scheduled, and it would remove what a restore brings back.',
    hint: 'Switch the cleanup’s schedule off and stop it, then start the restore.',
  },
  DISK_TOO_SMALL: {
    message: 'The disk has too little free space for the files that the restore is to bring back.',
    hint: 'Free some space in the uploads folder’s file system, or restore a range of files first.',
  },
  OTHER_DISK_IN_USE: {
    message: 'Another server used an uploads folder of its own within the last 15 minutes: each of the two folders has files that the other lacks.',
    hint: 'Let all servers share one uploads folder, or stop all servers but the one that is to keep the files. Then run the restore.',
  },
  ALREADY_RUNNING: { message: 'This job is already running.', hint: 'Wait until it ends, or stop it.' },
  NO_SUCH_JOB: { message: 'There is no job of this name, or it cannot do what was asked.', hint: 'The jobs are upload, cleanup, restore, purge and audit.' },
  OTHER_URL: {
    message: 'The file’s URL in the media library is not /uploads/ followed by the file’s own name.',
    hint: 'You need not do anything: the file is served from where it lies, as without this plugin, and is not moved to S3. To have it moved, upload it again.',
  },
  NOT_ON_DISK: {
    message: 'The media library lists this file, but it is neither on this disk nor in the bucket.',
    hint: 'Put it back into the uploads folder or the bucket, and retry. Another server’s disk may have it too.',
  },
  FILE_CHANGED: {
    message: 'The file on disk is not the one that the plugin recorded: somebody has changed it.',
    hint: 'Nothing was removed. If the change is to count, upload the file again through the media library.',
  },
  OBJECT_CHANGED: {
    message: 'The object in S3 is not the one that the plugin stored: somebody has changed it.',
    hint: 'The plugin does not serve it. Restore the object’s former version, or let an audit upload the copy on disk again.',
  },
  FORMER_BUCKET_UNREACHED: {
    message: 'Some objects are in a former bucket to which no key leads.',
    hint: 'Enter the former endpoint, bucket and keys in the settings once more, then the present ones: the plugin keeps the former keys. Or enter keys that may read both buckets.',
  },
  OBJECT_ARCHIVED: {
    message: 'The object lies in an archive of S3, where it cannot be read, or only for a while.',
    hint: 'In the provider’s console, restore the object into a class that can be read at once. Then change the bucket’s lifecycle rule so that it leaves the media alone.',
  },
  LOST: {
    message: 'The file’s bytes are nowhere: neither on a known disk nor in the bucket.',
    hint: 'Restore the file from a backup into the uploads folder and retry, or upload it again.',
  },
  PLAIN_PATH_TAKEN: {
    message: 'Another file lies where this file has to go.',
    hint: 'Nothing was overwritten. Move the other file out of the uploads folder, then retry.',
  },
  NOT_STARTED: {
    message: 'The S3 storage plugin could not start; nothing was stored.',
    hint: 'Look at the server’s log, which says why. The plugin tries to start again every few seconds.',
  },
  INTERNAL: { message: 'Something unexpected went wrong.', hint: 'Look at the server’s log and report it.' },
} as const satisfies Record<string, { message: string; hint: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** The reasons of a mode that a claim ends. */
export const CLAIMABLE = ['BUCKET_OWNED', 'DATABASE_COPY', 'DATABASE_BEHIND', 'MARKER_MISSING', 'MARKER_UNREADABLE'] as const satisfies readonly ErrorCode[];
export type ClaimableCode = (typeof CLAIMABLE)[number];

export function isClaimable(code: ErrorCode | null): code is ClaimableCode {
  return CLAIMABLE.some((claimable) => claimable === code);
}
