import { createRequire } from 'node:module';
import path from 'node:path';
import { PROVIDER_METHODS, type ProviderMethod, type UploadProvider } from './upload-provider';

/** The module `@strapi/provider-upload-local`. */
interface ProviderModule {
  init(...args: unknown[]): Partial<UploadProvider>;
}

/** The provider that each module gave last to Strapi's media library. */
const made = new WeakMap<ProviderModule, Partial<UploadProvider>>();
let watched: ProviderModule | undefined;

/**
 * Remembers from now on the providers that Strapi's local provider makes. This has to run when the plugin is loaded, which is before the
 * media library makes its provider. Strapi looks a method up at each call, so a method that the plugin puts into that provider runs last:
 * after every wrapper that an extension or another plugin has put around the provider, before or after this plugin.
 */
export function watchLocalProvider(load: () => ProviderModule = loadLocalProvider): void {
  let module: ProviderModule;
  try {
    module = load();
  } catch {
    // this is an unusual installation: the plugin then wraps the provider from outside, see register.ts
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

/** Returns the provider that the local provider made last; undefined where that is not known. */
export function localProvider(): Partial<UploadProvider> | undefined {
  const instance = watched && made.get(watched);
  return instance?.uploadStream ? instance : undefined;
}

/** Loads the module as Strapi's media library finds it. */
function loadLocalProvider(): ProviderModule {
  const from = (file: string, name: string) => createRequire(file).resolve(name);
  const strapi = from(path.join(process.cwd(), 'package.json'), '@strapi/strapi/package.json');
  const upload = from(strapi, '@strapi/upload/package.json');
  return createRequire(upload)('@strapi/provider-upload-local') as ProviderModule;
}

/** An expression that stands in every method that Strapi itself makes for its provider. */
const MADE_BY_STRAPI = /providerInstance\[methodName\]/;

/**
 * Returns the methods that other code has wrapped or replaced. Nobody can tell from outside whether that code calls the former method.
 * @param isOurs tells the methods that this plugin has put there
 */
export function foreignMethods(provider: Partial<UploadProvider>, isOurs: (method: unknown) => boolean): ProviderMethod[] {
  const isStrapis = (method: unknown) => isOurs(method) || MADE_BY_STRAPI.test(String(method));
  const methods = PROVIDER_METHODS.filter((name) => provider[name] !== undefined);
  // if not even one method is known, this version of Strapi makes them in another way
  return methods.some((name) => isStrapis(provider[name])) ? methods.filter((name) => !isStrapis(provider[name])) : [];
}
