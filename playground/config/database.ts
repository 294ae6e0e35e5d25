import path from 'node:path';
import type { Core } from '@strapi/strapi';

/** `DATABASE_CLIENT` is sqlite (the default), postgres or mysql; the last two read `DATABASE_URL`. */
const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Database => {
  const client = env('DATABASE_CLIENT', 'sqlite');
  if (client === 'sqlite') {
    const filename = path.resolve(process.cwd(), env('DATABASE_FILENAME', '.tmp/data.db'));
    return { connection: { client, connection: { filename }, useNullAsDefault: true } };
  }
  if (client !== 'postgres' && client !== 'mysql') throw new Error(`DATABASE_CLIENT=${client}: use sqlite, postgres or mysql`);

  // Taken apart here, as mysql2 and pg name a connection string differently.
  const url = new URL(env('DATABASE_URL', ''));
  return {
    connection: {
      client,
      connection: {
        host: url.hostname,
        port: Number(url.port) || (client === 'postgres' ? 5432 : 3306),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        database: url.pathname.slice(1),
        ...(client === 'postgres' && { schema: env('DATABASE_SCHEMA', 'public') }),
      },
      pool: { min: 0, max: env.int('DATABASE_POOL_MAX', 10) },
    },
  };
};

export default config;
