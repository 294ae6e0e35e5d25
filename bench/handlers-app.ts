import { appWith } from '../tests/support/playground-app';

/** Paths below which the app of {@link handlersApp} answers for the files of the bucket by itself, without the plugin. */
export const SDK_PATH = '/by-sdk/';
export const MEMORY_PATH = '/from-memory/';

/**
 * The shortest handlers that can be written in a project. One serves objects with the SDK. The other one answers with bytes that it holds, after
 * everything that is registered behind it, as Strapi's own route does: that is the least that any answer of this Strapi costs.
 */
const HANDLERS = `
const { GetObjectCommand, S3Client } = require('@aws-sdk/client-s3');
const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: Bucket, S3_KEY: accessKeyId, S3_SECRET: secretAccessKey, HELD_BYTES } = process.env;
const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
const held = Array.from({ length: 100 }, () => Buffer.alloc(Number(HELD_BYTES)));
const bySdk = async (ctx) => {
  const { Body, ContentLength, ContentType, ETag } = await client.send(new GetObjectCommand({ Bucket, Key: ctx.params[0] }));
  ctx.set('ETag', ETag);
  ctx.type = ContentType;
  ctx.body = Body;
  ctx.length = ContentLength;
};
const fromMemory = async (ctx, next) => {
  await next();
  ctx.set('ETag', '"held"');
  if (ctx.get('If-None-Match') === '"held"') return void (ctx.status = 304);
  ctx.type = 'application/octet-stream';
  ctx.body = held[ctx.params[0]];
};
const route = (path, handler) => ({ method: 'GET', path: path + '(.*)', handler, config: { auth: false } });
module.exports = { register({ strapi }) { strapi.server.routes([route('${SDK_PATH}', bySdk), route('${MEMORY_PATH}', fromMemory)]); } };
`;

/** Makes a project with these handlers. It takes the bucket from the environment. @returns the project's folder */
export function handlersApp(): Promise<string> {
  return appWith('handlers', { 'dist/src/index.js': HANDLERS });
}
