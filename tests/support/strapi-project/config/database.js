// PostgreSQL, as its driver is the only one that no machine has to compile.
module.exports = ({ env }) => ({ connection: { client: 'postgres', connection: { connectionString: env('DATABASE_URL') } } });
