import { waitUntil } from '../support/process';
import type { Books } from './ledger-rows';
import { FileModel } from './model';
import type { Replica, World } from './world';

/** After an outage the breaker waits half a minute at most, and then files follow four at a time. */
const CATCH_UP_MS = 120_000;

/** Treats uploads that were not acknowledged and are listed all the same as files like any other from here on. */
export async function adoptLoose(world: World, books: Books): Promise<void> {
  const loose = world.loose.splice(0);
  const listed = await books.listed(loose.map(({ name }) => name));
  for (const found of listed) {
    const upload = loose.find(({ name }) => name === found.name);
    if (!upload) continue;
    const model = new FileModel(world.lagMs);
    model.written(model.write(world.replicas[0].name, 0), 'acknowledged', 0);
    world.track({ ...upload, ...found }, model);
    world.count('upload found listed, though not acknowledged');
  }
}

/** Waits, while S3 works, until every file that fell back is in S3. */
export async function caughtUp(world: World, { strapi }: Replica): Promise<void> {
  type Status = { pendingUploads: { count: number }; breaker: { state: string } };
  let last: Status | undefined;
  const isDone = async () => {
    last = (await strapi.api<Status>('GET', '/s3-storage/status')).body;
    return last.pendingUploads.count === 0 && last.breaker.state === 'closed';
  };
  await waitUntil('all files in S3', isDone, CATCH_UP_MS).catch(() => {
    world.violated(`not caught up within ${CATCH_UP_MS} ms: ${JSON.stringify(last)}`);
  });
}
