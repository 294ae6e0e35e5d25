import type { Core } from '@strapi/strapi';
import { allowOrigin } from './content-policy';
import { weakenCompressed } from './uploads-answers';
import { uploadsHandler, type Handler, type UploadsOptions } from './uploads-middleware';

/** Path of the route that the upload plugin registers for its local provider. */
const UPLOADS_ROUTE = '/uploads/(.*)';
/**
 * Path of the route of `strapi::public`. It serves the same folder, and other spellings of `/uploads/…` match it (`/./uploads/a.png`).
 */
const PUBLIC_ROUTE = '/((?!uploads/).+)';
/** Name of the handler that `koa-static` makes. */
const STATIC_HANDLER = 'serve';

/** The part of a layer of `@koa/router` that matters here. Strapi composes each route into one handler. */
interface Layer {
  path: unknown;
  methods: readonly string[];
  stack: Handler[];
}

/**
 * Puts the plugin in the place of Strapi's own `/uploads` route, so that everything that a project or another plugin registers still runs
 * before or after it. `register` has to call this: the upload plugin, an internal one, has registered its route by then.
 */
export function takeUploadsRoute({ server }: Core.Strapi, options: UploadsOptions): void {
  server.use(weakenCompressed);
  const { linkOrigin } = options;
  if (linkOrigin) server.use(allowOrigin(linkOrigin));
  const layers = staticLayers(server.router, UPLOADS_ROUTE);
  if (layers.length > 0) return takeOver(layers, options);
  // other code has replaced the route, or Strapi has changed: the plugin adds a route that answers after all others and leaves ranges to
  // them
  const handler = uploadsHandler(async (_ctx, next) => next(), { ...options, ranges: false });
  server.routes([{ method: 'GET', path: UPLOADS_ROUTE, handler, config: { auth: false } }] as unknown as Parameters<typeof server.routes>[0]);
}

/**
 * Does the same for the other spellings of `/uploads/…`. `bootstrap` has to call this, when `strapi::public` has registered its route.
 */
export function takePublicRoute({ server }: Core.Strapi, options: UploadsOptions): void {
  takeOver(staticLayers(server.router, PUBLIC_ROUTE), options);
}

function takeOver(layers: Layer[], options: UploadsOptions): void {
  for (const layer of layers) layer.stack = layer.stack.map((original) => uploadsHandler(original, options));
}

/** Strapi's own routes of this path. Other code may have registered the same path, as guards do. */
function staticLayers(router: unknown, path: string): Layer[] {
  const { stack } = router as { stack: Layer[] };
  return stack.filter((layer) => layer.path === path && layer.methods.includes('GET') && layer.stack.length === 1 && isStatic(layer.stack[0]));
}

function isStatic(handler: Handler | undefined): boolean {
  const handlers: unknown[] = [routeOf(handler)?.handler].flat();
  const last = handlers.at(-1);
  return typeof last === 'function' && last.name === STATIC_HANDLER;
}

/**
 * Returns the route from which Strapi composed a handler. Such a handler first writes its route into `ctx.state`. Here that write throws,
 * and so does every other access to the context that a different handler may make, so that nothing of the handler runs.
 */
function routeOf(handler: Handler | undefined): { handler?: unknown } | undefined {
  let route: { handler?: unknown } | undefined;
  const stop = () => {
    throw new Error('this call only asks for the route');
  };
  const state = {
    set route(found: { handler?: unknown }) {
      route = found;
      stop();
    },
  };
  const context = new Proxy({}, { get: (_target, name) => (name === 'state' ? state : stop()), set: stop, has: stop });
  try {
    void handler?.(context as Parameters<Handler>[0], () => Promise.resolve())?.catch(() => undefined);
  } catch {
    // the same, from a handler that is not asynchronous
  }
  return route;
}
