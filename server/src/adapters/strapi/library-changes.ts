import type { Core } from '@strapi/strapi';
import type { ChangedFile, LibraryChanges, ListedSize } from '../../core/media/library-changes';
import { isAtItsPlace, nameOf, partsOf, type ListedFile, type ListedPart } from './library-names';

const FILE_MODEL = 'plugin::upload.file';

/** The sizes that Strapi notes (`@strapi/upload`, `services/upload.js` and `services/image-manipulation.js`). */
interface SizedPart extends ListedPart {
  /** In kilobytes of 1000 bytes, rounded to two decimals. */
  size?: number | string | null;
  /** Only a format has it. */
  sizeInBytes?: number | null;
}

/** Reads the changes of Strapi's media library from the columns of its `files` table. No index helps, so that a page may read the whole table. */
export function libraryChanges(strapi: Core.Strapi): LibraryChanges {
  const files = () => strapi.db.query(FILE_MODEL);
  return {
    async page({ since, lastId, after, limit }) {
      const isNew = lastId === null ? [] : [{ id: { $gt: lastId } }];
      const found = (await files().findMany({
        select: ['id', 'provider', 'hash', 'ext', 'url', 'formats', 'size', 'updatedAt'],
        where: { provider: 'local', id: { $gt: after }, $or: [{ updatedAt: { $gte: new Date(since) } }, ...isNew] },
        orderBy: { id: 'asc' },
        limit,
      })) as ListedFile[];
      return found.map(changedFile);
    },

    async extent(lastId) {
      const [last] = (await files().findMany({ select: ['id'], orderBy: { id: 'desc' }, limit: 1 })) as { id: number }[];
      const count = await files().count(lastId === undefined ? {} : { where: { id: { $lte: lastId } } });
      return { lastId: last?.id ?? 0, files: count };
    },
  };
}

function changedFile(file: ListedFile): ChangedFile {
  const parts = partsOf(file).filter(isAtItsPlace);
  return {
    id: file.id,
    changedAt: new Date(file.updatedAt ?? 0).getTime(),
    parts: parts.flatMap((part) => nameOf(part).map((name) => ({ name, size: sizeOf(part) }))),
  };
}

function sizeOf({ size, sizeInBytes }: SizedPart): ListedSize {
  if (typeof sizeInBytes === 'number') return { bytes: sizeInBytes };
  return size === null || size === undefined ? null : { kilobytes: Number(size) };
}
