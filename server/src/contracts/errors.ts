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
  TLS_FAILED: {
    message: 'No secure connection to the S3 endpoint could be made.',
    hint: 'Check that the endpoint’s certificate is valid for its host name, and http against https.',
  },
  NOT_S3: {
    message: 'Something answered at the endpoint, but it does not speak S3.',
    hint: 'Check the endpoint’s address and port: this may be the web console or another server.',
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
  INVALID_ACCESS_KEY: {
    message: 'The access key ID is not known to this endpoint.',
    hint: 'Check the access key ID, and that it belongs to this provider and region.',
  },
  SIGNATURE_MISMATCH: {
    message: 'The secret access key does not belong to this access key ID.',
    hint: 'Enter the secret again, without spaces around it; create a new key pair if it is lost.',
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
  NAME_TAKEN: { message: 'A file of this name exists already.', hint: 'Nothing was overwritten; try again.' },
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
    message: 'Endpoint, bucket or access key changed: the stored secret is not sent to another place unasked.',
    hint: 'Enter the secret access key again.',
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
