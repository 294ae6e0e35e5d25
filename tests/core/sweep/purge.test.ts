import { mediaCatalog } from '../../../server/src/adapters/strapi/media-catalog';
import { purge } from '../../../server/src/core/sweep/purge';
import { RequestScope } from '../../../server/src/core/media/request-scope';
import { mediaWorld } from '../../support/media-world';
import { strapiFiles, type FileRow } from '../../support/strapi-files';

const never = new AbortController().signal;

const formatsOf = (id: number): FileRow['formats'] => {
  const thumbnail = { hash: `thumbnail_photo_${id}`, ext: '.png' };
  return id === 1 ? { thumbnail, cover: { hash: 'cover', ext: '.txt' } } : { thumbnail };
};

/** A media library of `count` images with a thumbnail each. The first has a format that is named after another file. */
const library = (count: number): FileRow[] =>
  Array.from({ length: count }, (_, index) => index + 1).map((id) => ({
    id, provider: 'local', hash: `photo_${id}`, ext: '.png', url: `/uploads/photo_${id}.png`, updatedAt: new Date(0),
    formats: formatsOf(id),
  }));

test.each([1_000, 5_000])('a delete and its purge take 5 queries at most in a library of %i files, and remove nothing that is listed', async (count) => {
  const world = await mediaWorld();
  const rows = library(count);
  const { strapi, queries } = strapiFiles(rows);
  const parts = { ...world.jobs, catalog: mediaCatalog(strapi, world.clock) };
  const storage = world.storageOf(parts);
  const remove = async (...names: string[]) => {
    const scope = new RequestScope('remove');
    await storage.inScope(scope, async () => {
      for (const name of names) await storage.remove(world.key(name), scope);
    });
    await purge(parts, never);
  };
  for (const name of ['photo_1.png', 'photo_2.png', 'thumbnail_photo_2.png', 'photo_3.png', 'cover.txt']) await world.put(name, name);
  // the first delete in a process goes through the library
  rows.splice(2, 1);
  await remove('photo_3.png');

  rows.splice(1, 1);
  queries.length = 0;
  await remove('photo_2.png', 'thumbnail_photo_2.png', 'cover.txt', 'photo_1.png');
  expect(queries.length).toBeLessThanOrEqual(5);
  const states = await Promise.all(['photo_1.png', 'photo_2.png', 'thumbnail_photo_2.png', 'photo_3.png', 'cover.txt'].map(async (name) => (await world.ledger.find(world.key(name)))?.placement.state));
  expect(states).toEqual(['remote', 'gone', 'gone', 'gone', 'remote']);
  await world.close();
});
