import type { Core } from '@strapi/strapi';
import type { LibraryItems } from '../../core/admin/library-counter';

const FILE_MODEL = 'plugin::upload.file';
const LOCAL = { provider: 'local' };

interface Item {
  id: number;
  hash: string;
  ext: string | null;
}

/** The main files of Strapi's media library. Formats lie inside the same rows, and this does not read them. */
export function libraryItems(strapi: Core.Strapi): LibraryItems {
  const files = () => strapi.db.query(FILE_MODEL);
  return {
    count: () => files().count({ where: LOCAL }),
    async page(after, limit) {
      const found = (await files().findMany({
        select: ['id', 'hash', 'ext'],
        where: { ...LOCAL, id: { $gt: after } },
        orderBy: { id: 'asc' },
        limit,
      })) as Item[];
      return found.map(({ id, hash, ext }) => ({ id, name: `${hash}${ext ?? ''}` }));
    },
  };
}
