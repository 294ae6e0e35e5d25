import type { Core } from '@strapi/strapi';
import type { ListedFile, ListedPart } from '../../server/src/adapters/strapi/library-names';

/** A row of Strapi's `files` table. */
export type FileRow = ListedFile & { updatedAt: Date };

export interface FilesQuery {
  where: Record<string, Record<string, unknown>>;
  limit?: number;
}

/** The part of Strapi that the media library's adapter uses, on rows in memory. It records every query, which waits for `held`. */
export function strapiFiles(rows: FileRow[], logo: ListedPart | null = null, held: (query: FilesQuery) => Promise<void> | undefined = () => undefined) {
  const queries: FilesQuery[] = [];
  const fits = (value: unknown, conditions: Record<string, unknown>) =>
    Object.entries(conditions).every(([operator, operand]) => {
      if (operator === '$in') return (operand as unknown[]).includes(value);
      if (operator === '$gt') return (value as number) > (operand as number);
      if (operator === '$gte') return (value as Date) >= (operand as Date);
      if (operator === '$lte') return (value as number) <= (operand as number);
      throw new Error(`unknown operator ${operator}`);
    });
  const findMany = async (query: FilesQuery) => {
    queries.push(query);
    await held(query);
    const found = rows.filter((row) => Object.entries(query.where).every(([column, conditions]) => fits(row[column as keyof FileRow], conditions)));
    return found.sort((one, other) => one.id - other.id).slice(0, query.limit);
  };
  const get = async () => ({ menuLogo: logo, authLogo: null });
  const strapi = { db: { query: () => ({ findMany }) }, store: () => ({ get }) } as unknown as Core.Strapi;
  return { strapi, queries };
}
