import { createRequire } from 'node:module';
import path from 'node:path';
import { PROVIDER_METHODS, type ProviderMethod, type UploadProvider } from './upload-provider';

/** The module `@strapi/provider-upload-local`. */
interface ProviderModule {
  init(...args: unknown[]): Partial<UploadProvider>;
}

/** What Strapi's media library was given last by its local provider, by the module it came from. */
const made = new WeakMap<ProviderModule, Partial<UploadProvider>>();
let watched: ProviderModule | undefined;

/**
 * From now on what Strapi's local provider makes is remembered. To be called when the plugin is loaded, which is before the media
 * library makes its provider. Strapi looks a method up with each call, so that a method put in here is asked last: after every wrapper
 * that an extension or another plugin has put around the provider, whether before or after this plugin.
 */
export function watchLocalProvider(load: () => ProviderModule = loadLocalProvider): void {
  let module: ProviderModule;
  try {
    module = load();
  } catch {
    // an unusual installation: the provider is wrapped from outside then, see register.ts
    return;
  }
  watched = module;
  if (made.has(module)) return;
  const { init } = module;
  made.set(module, {});
  module.init = (...args) => {
    const instance = init.apply(module, args);
    made.set(module, instance);
    return instance;
  };
}

/** What the local provider made last; undefined where that is not known. */
export function localProvider(): Partial<UploadProvider> | undefined {
  const instance = watched && made.get(watched);
  return instance?.uploadStream ? instance : undefined;
}

/** As Strapi's media library finds it. */
function loadLocalProvider(): ProviderModule {
  const from = (file: string, name: string) => createRequire(file).resolve(name);
  const strapi = from(path.join(process.cwd(), 'package.json'), '@strapi/strapi/package.json');
  const upload = from(strapi, '@strapi/upload/package.json');
  return createRequire(upload)('@strapi/provider-upload-local') as ProviderModule;
}

/** How Strapi itself makes the methods of its provider: each the same few words. */
const MADE_BY_STRAPI = /providerInstance\[methodName\]/;

/**
 * The methods that other code has wrapped or replaced. Whether it calls the former method nobody can tell from outside.
 * @param isOurs tells the methods that this plugin has put there
 */
export function foreignMethods(provider: Partial<UploadProvider>, isOurs: (method: unknown) => boolean): ProviderMethod[] {
  const isStrapis = (method: unknown) => isOurs(method) || MADE_BY_STRAPI.test(String(method));
  const methods = PROVIDER_METHODS.filter((name) => provider[name] !== undefined);
  // where not even one is known, Strapi makes them in another way than it did
  return methods.some((name) => isStrapis(provider[name])) ? methods.filter((name) => !isStrapis(provider[name])) : [];
}
