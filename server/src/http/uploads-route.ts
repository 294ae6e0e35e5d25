import type { Core } from '@strapi/strapi';
import { weakenCompressed } from './uploads-answers';
import { uploadsHandler, type Handler, type UploadsOptions } from './uploads-middleware';

/** The path of the route that the upload plugin registers for its local provider. */
const UPLOADS_ROUTE = '/uploads/(.*)';
/** The path of the route of `strapi::public`: it serves the same folder, and other spellings of `/uploads/…` match it (`/./uploads/a.png`). */
const PUBLIC_ROUTE = '/((?!uploads/).+)';
/** The name of the handler that `koa-static` makes. */
const STATIC_HANDLER = 'serve';

/** A layer of `@koa/router`, as far as it matters here: Strapi composes each route into one handler. */
interface Layer {
  path: unknown;
  methods: readonly string[];
  stack: Handler[];
}

/**
 * Puts the plugin in the place of Strapi's own `/uploads` route, so that everything that a project or another plugin registers is asked
 * before it or after it as ever. To be called in `register`: the route is there since the upload plugin, an internal one, was registered.
 */
export function takeUploadsRoute({ server }: Core.Strapi, options: UploadsOptions): void {
  server.use(weakenCompressed);
  const layers = staticLayers(server.router, UPLOADS_ROUTE);
  if (layers.length > 0) return takeOver(layers, options);
  // somebody has replaced it, or Strapi has changed: ours is one more, which answers after all others, and leaves ranges to them
  const handler = uploadsHandler(async (_ctx, next) => next(), { ...options, ranges: false });
  server.routes([{ method: 'GET', path: UPLOADS_ROUTE, handler, config: { auth: false } }] as unknown as Parameters<typeof server.routes>[0]);
}

/** The same for the other spellings of `/uploads/…`. To be called in `bootstrap`, once `strapi::public` has registered its route. */
export function takePublicRoute({ server }: Core.Strapi, options: UploadsOptions): void {
  takeOver(staticLayers(server.router, PUBLIC_ROUTE), options);
}

function takeOver(layers: Layer[], options: UploadsOptions): void {
  for (const layer of layers) layer.stack = layer.stack.map((original) => uploadsHandler(original, options));
}

/** Strapi's own routes of this path: others may have registered the same one, as guards do. */
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
 * The route that a composed handler of Strapi's was made of. The first thing that such a handler does is to write its route into
 * `ctx.state`; here that, and whatever else a handler of another make may want of the context, throws, so that nothing runs.
 */
function routeOf(handler: Handler | undefined): { handler?: unknown } | undefined {
  let route: { handler?: unknown } | undefined;
  const stop = () => {
    throw new Error('only asked for its route');
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
    // the same, of a handler that is not asynchronous
  }
  return route;
}
