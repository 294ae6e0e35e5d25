import { appWith } from './playground-app';

/** Each way in which a project can put something before Strapi's own `/uploads` route. */
export const WAYS = [
  'a route in an upload extension, registered before Strapi’s own',
  'a route in an upload extension, registered after it',
  'a route of another plugin, in its register',
  'a route of another plugin, in its bootstrap',
  'a route of another plugin, in its list of routes',
  'a route in the project’s register',
  'a route in the project’s bootstrap',
  'a middleware in the project’s register',
  'a middleware in the project’s bootstrap',
  'a middleware of config/middlewares before strapi::public',
  'a middleware of config/middlewares after it',
] as const;

/** The guard of way `index` refuses a request that names it in `X-Guard`, and passes on every other request. */
const GUARD = `
exports.guard = (index) => (ctx, next) =>
  ctx.path.startsWith('/uploads/') && ctx.get('X-Guard') === String(index) ? ctx.unauthorized('guarded') : next();
exports.route = (index) => ({ method: 'GET', path: '/uploads/(.*)', handler: exports.guard(index), config: { auth: false } });
`;

const FILES: Record<string, string> = {
  'dist/src/guard.js': GUARD,
  'dist/src/extensions/upload/strapi-server.js': `
const { route } = require('../../guard');
module.exports = (plugin) => {
  const { register } = plugin;
  plugin.register = async (context) => {
    context.strapi.server.routes([route(0)]);
    await register(context);
    context.strapi.server.routes([route(1)]);
  };
  return plugin;
};`,
  'src/plugins/guard/package.json': JSON.stringify({ name: 'guard', version: '0.0.0', strapi: { kind: 'plugin', name: 'guard' } }),
  'src/plugins/guard/strapi-server.js': `
const { guard, route } = require('../../../dist/src/guard');
module.exports = {
  register: ({ strapi }) => strapi.server.routes([route(2)]),
  bootstrap: ({ strapi }) => strapi.server.routes([route(3)]),
  controllers: { guard: () => ({ guard: guard(4) }) },
  routes: [{ method: 'GET', path: '/uploads/(.*)', handler: 'guard.guard', config: { auth: false, prefix: '' } }],
};`,
  'dist/src/index.js': `
const { guard, route } = require('./guard');
module.exports = {
  register({ strapi }) { strapi.server.routes([route(5)]); strapi.server.use(guard(7)); },
  bootstrap({ strapi }) { strapi.server.routes([route(6)]); strapi.server.use(guard(8)); },
};`,
  'dist/src/middlewares/before.js': `module.exports = () => require('../guard').guard(9);`,
  'dist/src/middlewares/after.js': `module.exports = () => require('../guard').guard(10);`,
  'dist/config/middlewares.js': `
module.exports = ['strapi::logger', 'strapi::errors', 'strapi::security', 'strapi::cors', 'strapi::compression', 'strapi::poweredBy', 'strapi::query', 'strapi::body',
  'strapi::session', 'strapi::favicon', 'global::before', 'strapi::public', 'global::after'];`,
  'dist/config/plugins.js': `
module.exports = ({ env }) => ({
  'users-permissions': { config: { jwtSecret: env('JWT_SECRET') } },
  guard: { enabled: true, resolve: './src/plugins/guard' },
  ...(env.bool('WITHOUT_PLUGIN', false) && { 's3-storage': { enabled: false } }),
  upload: { config: { providerOptions: { localServer: { maxage: 5000, setHeaders: (res, file, stats) => res.setHeader('X-Hardened', file.split('/').pop() + ' ' + stats.size) } } } },
});`,
};

/**
 * Makes a project that has a guard in each of the {@link WAYS}, and that sets headers of its own. `WITHOUT_PLUGIN=true` leaves the
 * plugin out.
 * @returns the project's folder
 */
export function guardedApp(): Promise<string> {
  return appWith('guarded', FILES);
}
