/**
 * Every way an operation of this plugin can fail, as a closed set. Server and panel share the sentences: `message`
 * says what happened, `hint` what to do about it. Code decides on the code, never on a text.
 */
export const ERRORS = {
  // the network between us and S3
  UNREACHABLE: {
    message: 'The S3 endpoint could not be reached.',
    hint: 'Check the endpoint’s host name and port, and that this server may connect to it.',
  },
  TIMEOUT: {
    message: 'The S3 endpoint did not answer in time.',
    hint: 'Check firewalls and proxies between this server and the endpoint. For reads and background jobs, a larger timeout can be set under Advanced; an editor’s upload waits four seconds at most.',
  },
  PROXY_NOT_USED: {
    message: 'This server is told to use a proxy, but S3 is reached directly.',
    hint: 'Let this server connect to the endpoint directly, or name the endpoint in NO_PROXY if that is meant so.',
  },
  TLS_FAILED: {
    message: 'No secure connection to the S3 endpoint could be made.',
    hint: 'Check that the endpoint’s certificate is valid for its host name, and http against https.',
  },
  ENDPOINT_REDIRECTS: {
    message: 'The endpoint redirects to another address.',
    hint: 'Enter the address that it redirects to, with https:// or http:// as there. Redirects are not followed: the signature is for one host.',
  },
  HEAD_WITHOUT_LENGTH: {
    message: 'Something between this server and S3 drops the length of objects from the answers to HEAD.',
    hint: 'Files are safe: the length is asked for in another way, with one request more each time. Let the proxy pass Content-Length to avoid that.',
  },
  NOT_S3: {
    message: 'Something answered at the endpoint, but it does not speak S3.',
    hint: 'Check the endpoint’s address and port: this may be the web console or another server.',
  },
  TEST_RUNNING: {
    message: 'A connection test is under way already.',
    hint: 'It takes 15 seconds at most: try again then.',
  },
  CIRCUIT_OPEN: {
    message: 'S3 failed repeatedly just now and is being left alone for a moment.',
    hint: 'Nothing to do: S3 is asked again by itself, and what went to the local disk follows as soon as it answers.',
  },
  // what S3 answered
  THROTTLED: {
    message: 'S3 asked to slow down.',
    hint: 'Nothing to do if it is rare; lower the concurrency or ask the provider about its limits if it is not.',
  },
  SERVER_ERROR: {
    message: 'S3 reported an internal error.',
    hint: 'Look at the provider’s status page; S3 is asked again by itself.',
  },
  ACCESS_DENIED: {
    message: 'The credentials are known, but may not do this.',
    hint: 'Grant this key s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket.',
  },
  ENCRYPTION_DEMANDED: {
    message: 'The bucket’s policy refuses uploads that do not ask for encryption.',
    hint: 'Remove that statement from the bucket policy, and turn on the bucket’s default encryption: S3 then encrypts every object, also without the header, which this plugin does not send.',
  },
  INVALID_ACCESS_KEY: {
    message: 'The access key ID is not known to this endpoint.',
    hint: 'Check the access key ID, and that it belongs to this provider and region.',
  },
  SIGNATURE_MISMATCH: {
    message: 'The secret access key does not belong to this access key ID.',
    hint: 'Enter the secret again, without spaces around it; create a new key pair if it is lost.',
  },
  CREDENTIALS_EXPIRED: {
    message: 'The session credentials have expired, or are not valid any more.',
    hint: 'Credentials of a role or a shared file are asked for again by themselves. If this goes on, check where they come from (the role, its token file, the shared credentials file), and this server’s clock.',
  },
  NO_CREDENTIALS: {
    message: 'No credentials were found.',
    hint: 'Enter an access key ID and a secret, or run this server with a role that may use the bucket.',
  },
  CLOCK_SKEW: {
    message: 'This server’s clock and the endpoint’s differ too much.',
    hint: 'Synchronise this server’s clock (NTP).',
  },
  BUCKET_NOT_FOUND: {
    message: 'The bucket does not exist at this endpoint.',
    hint: 'Check the bucket’s name and region, or create it.',
  },
  WRONG_REGION: {
    message: 'The bucket lives in another region.',
    hint: 'Set the region that the bucket was created in.',
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
    hint: 'Check bucket, region, endpoint and path style; the preset of your provider sets what it needs.',
  },
  TOO_LARGE: {
    message: 'The file is too large for S3, or for what stands before it (413).',
    hint: 'Probably a proxy before S3 limits the size of a request: raise that limit (nginx: client_max_body_size), then retry. Other files are not affected.',
  },
  FILE_REFUSED: {
    message: 'This one file is refused on its way to S3, which answers otherwise.',
    hint: 'Probably a firewall or proxy before S3 objects to it: look at its log, let the file pass, then retry. Other files are not affected.',
  },
  INTEGRITY: {
    message: 'What S3 stored is not what was sent.',
    hint: 'Nothing is lost: the bytes stay on disk and are sent again. Tell the provider if it happens twice.',
  },
  // the disk and the body
  DISK_FULL: { message: 'The local disk is full.', hint: 'Free some space in the uploads folder’s file system.' },
  DISK_ERROR: { message: 'The local disk could not be read or written.', hint: 'Check the uploads folder, its rights, and that its disk is mounted. If “strapi import” has emptied the folder, restart Strapi.' },
  VOLUME_TWIN: {
    message: 'Another uploads folder is in use under the same id: one is a copy of the other.',
    hint: 'Stop Strapi where the copy is, remove .s3-storage/volume from the copy (nothing else), and start it again.',
  },
  FOLDER_NOT_WRITABLE: {
    message: 'The uploads folder cannot be written.',
    hint: 'Files in it are served, and uploads go on as long as S3 takes them. Make the folder writable for the user that Strapi runs as (mount, owner, rights); it is used again by itself.',
  },
  NAME_TAKEN: { message: 'A file of this name exists already.', hint: 'Nothing was overwritten; try again.' },
  NAME_UNFIT: {
    message: 'The file’s name is too long for this disk’s file system.',
    hint: 'While this plugin is there it needs no such name. To leave S3, upload the file again under a shorter name, or move the uploads folder to a file system that takes it.',
  },
  BODY_FAILED: { message: 'The file to be stored could not be read.', hint: 'Upload it again.' },
  ABORTED: { message: 'The operation was cancelled.', hint: 'Try again.' },
  INVALID_KEY: {
    message: 'This is not a usable file name.',
    hint: 'Use a name without “..”, NUL, encoded slashes or a leading dot, of 1024 bytes at most.',
  },
  INTENT_LOST: {
    message: 'The write took so long that its reservation ended.',
    hint: 'Upload the file again.',
  },
  UNAVAILABLE: {
    message: 'The file’s bytes cannot be reached at the moment.',
    hint: 'They are in S3 or on another server’s disk; try again shortly.',
  },
  UPLOAD_REFUSED: {
    message: 'S3 is away, and this server is set to refuse uploads rather than keep them on its own disk. Nothing was stored or changed.',
    hint: 'Try again when S3 is back; Settings → S3 Storage says why it is away.',
  },
  // settings and modes
  NOT_CONFIGURED: { message: 'No bucket is configured.', hint: 'Enter bucket and credentials in Settings → S3 Storage.' },
  INVALID_SETTINGS: { message: 'Some settings are not valid.', hint: 'Correct the marked fields.' },
  INVALID_QUERY: { message: 'Some parameters of the request are not valid.', hint: 'Correct the parameters that are named.' },
  ENDPOINT_FORBIDDEN: {
    message: 'This endpoint is not allowed.',
    hint: 'Use an http(s) address without user name; link-local and metadata addresses are refused.',
  },
  SECRET_REQUIRED: {
    message: 'The secret access key is for another endpoint, bucket or access key, and is not used at this place unasked.',
    hint: 'Enter an access key ID and its secret for this place. Keys from the environment or the config file count for the endpoint and bucket that stand beside them, such as S3_STORAGE_ENDPOINT; a role of this server counts for Amazon S3.',
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
    message: 'Production-only is on and this is not production.',
    hint: 'S3 is read, never changed. Set S3_STORAGE_ENV=production on the production server.',
  },
  MODE_OVERRIDE: {
    message: 'The environment variable S3_STORAGE_MODE restricts this instance.',
    hint: 'Remove S3_STORAGE_MODE to lift the restriction.',
  },
  LEAVING: {
    message: 'S3 is no longer used for new files, as “Stop using S3” was chosen.',
    hint: 'Nothing in the bucket changes any more. Restore brings the files back to the disk; “Use S3 again” undoes it.',
  },
  // jobs
  READ_ONLY: {
    message: 'This instance may not change S3 now, so this job cannot run here.',
    hint: 'Settings → S3 Storage says why; the job runs where S3 may be changed.',
  },
  UPLOAD_INCOMPLETE: {
    message: 'The upload of the existing library is not complete on this disk, so nothing is removed from it.',
    hint: 'Start phase 1 and let it come to its end; files that failed too often do not hold it up.',
  },
  UPLOADS_NOT_REACHED: {
    message: 'Requests for files do not reach this plugin at the project’s public address.',
    hint: 'A web server in front seems to serve the uploads folder itself, so files that are only in S3 would be missing. Let it pass /uploads to Strapi. nginx: “location ^~ /uploads/” with only “proxy_pass http://127.0.0.1:1337;” in it, no alias and no root. If the address is wrong, correct url in config/server, or set S3_STORAGE_PUBLIC_URL (“off” skips this check).',
  },
  UPLOADS_SERVED_FIRST: {
    message: 'A web server in front sends files from the uploads folder itself, and asks this plugin only for those that are not there.',
    hint: 'A file that was replaced can be seen in its old version for a while. Let the web server pass all of /uploads to Strapi: in nginx “location ^~ /uploads/” with only “proxy_pass http://127.0.0.1:1337;” in it, no try_files.',
  },
  OWN_FOLDER_EXPOSED: {
    message: 'The plugin’s own folder can be read at the project’s public address.',
    hint: 'Files that were replaced or deleted may still be in it. Let the web server pass /uploads to Strapi instead of serving the folder itself, or deny /uploads/.s3-storage/.',
  },
  PUBLIC_URL_UNCHECKED: {
    message: 'Whether visitors’ requests for files reach this plugin could not be checked.',
    hint: 'Set url in config/server, or S3_STORAGE_PUBLIC_URL, to the address under which visitors load files. If a web server in front serves the uploads folder itself (nginx: alias or root), let it pass /uploads to Strapi before phase 2.',
  },
  RESTORE_WANTED: {
    message: 'Files are being brought back to the disk; a cleanup would remove them again.',
    hint: 'Wait for the restore to end, or stop it.',
  },
  CLEANUP_WANTED: {
    message: 'The cleanup is running or scheduled; it would remove what a restore brings back.',
    hint: 'Switch the cleanup’s schedule off and stop it, then start the restore.',
  },
  DISK_TOO_SMALL: {
    message: 'The disk has too little free space for the files that are to be brought back.',
    hint: 'Free some space in the uploads folder’s file system, or restore a range of files first.',
  },
  OTHER_DISK_IN_USE: {
    message: 'Another server was at work on an uploads folder of its own within the last 15 minutes: each has files that the other lacks.',
    hint: 'Let all servers share one uploads folder, or stop all but the one that is to keep the files; then run the restore.',
  },
  ALREADY_RUNNING: { message: 'This job is running already.', hint: 'Wait for it to end, or stop it.' },
  NO_SUCH_JOB: { message: 'There is no such job, or it cannot do that.', hint: 'The jobs are upload, cleanup, restore, purge and audit.' },
  OTHER_URL: {
    message: 'The file’s URL in the media library is not /uploads/ and its own name.',
    hint: 'Nothing to do: it is served from where it lies, as without this plugin, and is not moved to S3. Upload it again if it is to be moved.',
  },
  NOT_ON_DISK: {
    message: 'The media library lists this file, but it is neither on this disk nor in the bucket.',
    hint: 'Put it back into the uploads folder, or into the bucket, and retry; another server’s disk may have it too.',
  },
  FILE_CHANGED: {
    message: 'The file on disk is not the one that was recorded: somebody has changed it.',
    hint: 'Nothing was removed. Upload the file again through the media library if the change is to count.',
  },
  OBJECT_CHANGED: {
    message: 'The object in S3 is not the one that was stored: somebody has changed it.',
    hint: 'It is not served. Restore the object’s former version, or let an audit upload the copy on disk again.',
  },
  OBJECT_ARCHIVED: {
    message: 'The object lies in an archive of S3: it cannot be read, or only for a while.',
    hint: 'Restore the object into a class that can be read at once, in the provider’s console, and change the bucket’s lifecycle rule so that it leaves the media alone.',
  },
  LOST: {
    message: 'The file’s bytes are nowhere: neither on a known disk nor in the bucket.',
    hint: 'Restore it from a backup into the uploads folder and retry, or upload it again.',
  },
  PLAIN_PATH_TAKEN: {
    message: 'Another file lies where this one has to go.',
    hint: 'Nothing was overwritten. Move that file out of the uploads folder, then retry.',
  },
  NOT_STARTED: {
    message: 'The S3 storage plugin could not start; nothing was stored.',
    hint: 'Look at the server’s log, which says why; it is tried again every few seconds.',
  },
  INTERNAL: { message: 'Something unexpected went wrong.', hint: 'Look at the server’s log and report it.' },
} as const satisfies Record<string, { message: string; hint: string }>;

export type ErrorCode = keyof typeof ERRORS;
