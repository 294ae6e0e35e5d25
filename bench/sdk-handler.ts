import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

/** The shortest handler that serves objects with the SDK, as a process of its own. It takes its bucket from the environment, and prints its port. */
const { S3_ENDPOINT: endpoint, S3_REGION: region = '', S3_BUCKET: Bucket, S3_KEY: accessKeyId = '', S3_SECRET: secretAccessKey = '' } = process.env;
const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });

const server = createServer((request, response) => {
  void client.send(new GetObjectCommand({ Bucket, Key: (request.url ?? '').replace('/uploads/', '') })).then(
    ({ Body, ContentLength, ContentType, ETag }) => {
      response.writeHead(200, { 'content-length': ContentLength, 'content-type': ContentType, etag: ETag });
      (Body as Readable).pipe(response);
    },
    () => response.writeHead(502).end(),
  );
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
