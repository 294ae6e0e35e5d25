// The embedded server runs in its own process, so that halting it closes every connection at once, as an outage does.
const { Buffer } = require('node:buffer');
const crypto = require('node:crypto');

// It hides its continuation token with DES, which OpenSSL 3 no longer has. Any listing that is cut short would answer 500.
// Triple DES with three times the same key is DES.
for (const name of ['createCipheriv', 'createDecipheriv']) {
  const original = crypto[name];
  crypto[name] = (cipher, key, iv) => (cipher === 'des' ? original('des-ede3-cbc', Buffer.concat([key, key, key]), iv) : original(cipher, key, iv));
}

const S3rver = require('@20minutes/s3rver');

const [directory, port] = process.argv.slice(2);

new S3rver({
  directory,
  port: Number(port),
  address: '127.0.0.1',
  silent: true,
  vhostBuckets: false,
  // It computes another signature than today's SDK for a bucket's own path. The real servers test wrong secrets.
  allowMismatchedSignatures: true,
}).run((error) => {
  if (error) throw error;
});

// The pipe closes when the parent has ended, in whatever way.
process.stdin.resume();
process.stdin.on('end', () => process.exit());
