import { ledgerRows } from './observe-ledger';
import { keepFolder } from './process';
import { rawBucket, type RawBucket } from './raw-s3';
import { startFaultProxy, type FaultProxy } from './fault-proxy';
import { startS3, type S3Kind, type S3Server } from './s3';
import { startStrapi, type StartOptions, type StrapiInstance } from './strapi';

/** A Strapi whose plugin reaches a real S3 server through a proxy that can break things, and an observer of the bucket. */
export interface Stage {
  s3: S3Server;
  proxy: FaultProxy;
  bucket: RawBucket;
  strapi: StrapiInstance;
  /** The body of `PUT /s3-storage/settings` that configures the plugin for this stage. */
  settings: Record<string, unknown>;
  /** Saves settings, with the confirmation of a move that they may need, and answers the mode. */
  configure(patch?: Record<string, unknown>): Promise<string>;
  /**
   * The bytes of the object that the ledger names for this key, or null where it names none. A file that fell back to the disk
   * need not have the plain name in the bucket: where S3 did not let the plugin see that the plain name is free, the file gets another.
   */
  stored(key: string): Promise<Buffer | null>;
  /** Waits until `check` holds. */
  eventually(what: string, check: () => Promise<boolean> | boolean, timeoutMs?: number): Promise<void>;
  /** Ends the stage. @param keepApp leaves the app's folder */
  close(keepApp?: boolean): Promise<void>;
}

/** Stops an instance whose folder somebody will want to look into. */
export async function leave(strapi: StrapiInstance): Promise<void> {
  await strapi.stop();
  keepFolder(strapi.appDir);
}

/**
 * @param options.s3 the kind of server. Default: {@link startS3} chooses
 * @param options.envFor variables for Strapi, for code of the app that uses the bucket as well
 */
export async function openStage(options: StartOptions & { s3?: S3Kind; envFor?: (s3: S3Server, bucket: string) => Record<string, string> } = {}): Promise<Stage> {
  const s3 = await startS3(options.s3);
  let proxy: FaultProxy | null = null;
  try {
    proxy = await startFaultProxy(s3.endpoint);
    const bucket = rawBucket(s3, await s3.createBucket());
    const env = { ...options.env, ...options.envFor?.(s3, bucket.bucket) };
    return stageOf(s3, proxy, bucket, await startStrapi({ ...options, env }));
  } catch (error) {
    // open servers would keep the process, and with it the run, from ending
    await proxy?.close();
    await s3.stop();
    throw error;
  }
}

function stageOf(s3: S3Server, proxy: FaultProxy, bucket: RawBucket, strapi: StrapiInstance): Stage {
  const settings = {
    provider: 'other',
    bucket: bucket.bucket,
    region: s3.region,
    endpoint: proxy.endpoint,
    forcePathStyle: true,
    accessKeyId: s3.accessKeyId,
    secretAccessKey: s3.secretAccessKey,
    // tests break S3 and look what a visitor gets then: what lies in memory would hide that
    memoryCacheMb: 0,
  };
  return {
    s3,
    proxy,
    bucket,
    strapi,
    settings,
    async configure(patch = settings) {
      const { status, body } = await strapi.api<{ mode: string }>('PUT', '/s3-storage/settings', { confirmMove: true, ...patch });
      if (status !== 200) throw new Error(`the settings were refused: ${JSON.stringify(body)}`);
      return body.mode;
    },
    async stored(key) {
      const name = (await ledgerRows(strapi, [key]))[0]?.object_name;
      return name ? bucket.get(name) : null;
    },
    async eventually(what, check, timeoutMs = 15_000) {
      const deadline = Date.now() + timeoutMs;
      while (!(await check())) {
        if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms\n${strapi.logs().slice(-3_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async close(keepApp = false) {
      await (keepApp ? leave(strapi) : strapi.discard());
      bucket.close();
      await proxy.close();
      await s3.stop();
    },
  };
}
