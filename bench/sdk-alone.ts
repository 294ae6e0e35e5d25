/**
 * Sends every file of a folder with the AWS SDK's client as the plugin sets it up, so many at once, and nothing else: what is left to
 * gain around it. Prints when the first was sent and the last had arrived.
 *   sdk-alone.ts <folder> <bucket> <concurrency> <endpoint> <region>
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { systemClock } from '../server/src/core/clock';
import { createS3Client } from '../server/src/core/store/s3/client';

async function main([folder = '', bucket = '', concurrency = '', endpoint = '', region = '']: string[]): Promise<void> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
  const client = createS3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey }, connectTimeoutMs: 5_000, timeoutMs: 30_000 }, systemClock);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.bin'));
  const startedAt = new Date();
  const worker = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const bytes = await readFile(path.join(folder, name));
      const ContentMD5 = createHash('md5').update(bytes).digest('base64');
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: bytes, ContentLength: bytes.length, ContentMD5 }));
    }
  };
  await Promise.all(Array.from({ length: Number(concurrency) }, worker));
  console.log(JSON.stringify({ run: { startedAt, endedAt: new Date() } }));
  client.destroy();
}

void main(process.argv.slice(2));
