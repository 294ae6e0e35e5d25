// The database is PostgreSQL, because its driver is the only one that no machine has to compile.
module.exports = ({ env }) => ({ connection: { client: 'postgres', connection: { connectionString: env('DATABASE_URL') } } });
