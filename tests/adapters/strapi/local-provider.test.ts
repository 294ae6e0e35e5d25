import { readFileSync } from 'node:fs';
import path from 'node:path';
import { foreignMethods, localProvider, watchLocalProvider } from '../../../server/src/adapters/strapi/local-provider';
import { isWrapped, PROVIDER_METHODS, wrapProvider, type UploadProvider } from '../../../server/src/adapters/strapi/upload-provider';

/** Makes Strapi's provider from the local one's methods in the very way of Strapi (@strapi/upload, register). */
function createProvider(instance: Record<string, (...args: unknown[]) => unknown>): Record<string, unknown> {
  const actionOptions: Record<string, unknown> = {};
  return Object.fromEntries(
    Object.keys(instance).map((methodName) => {
      const providerInstance = instance as Record<string, (...args: unknown[]) => unknown>;
      return [methodName, async (file: unknown, options = actionOptions[methodName]) => providerInstance[methodName]!(file, options)];
    }),
  );
}

const calls: string[] = [];
const note = (name: string) => async () => void calls.push(name);
const made = () => Object.fromEntries([...PROVIDER_METHODS, 'checkFileSize'].map((name) => [name, note(name)]));
beforeEach(() => void calls.splice(0));

test('methods put into the local provider are called last, after wrappers from before and from later', async () => {
  const module = { init: made };
  watchLocalProvider(() => module);
  const provider = createProvider(module.init()) as unknown as UploadProvider;
  const around = (name: string) => {
    const { uploadStream } = provider;
    provider.uploadStream = async (file, options) => {
      calls.push(name);
      await uploadStream(file, options);
    };
  };
  around('before');
  const instance = localProvider()!;
  Object.assign(instance, wrapProvider({ ...(instance as UploadProvider) }, async () => undefined));
  around('later');
  await provider.uploadStream({ hash: 'a' });
  expect(calls).toEqual(['later', 'before', 'uploadStream']);
});

test('a local provider that cannot be watched causes no failure', () => {
  watchLocalProvider(() => {
    throw new Error('not there');
  });
});

test('methods that are neither Strapi’s nor the plugin’s are named', () => {
  const provider = createProvider(made()) as unknown as UploadProvider;
  expect(foreignMethods(provider, isWrapped)).toEqual([]);
  Object.assign(provider, { delete: async () => undefined });
  expect(foreignMethods(provider, isWrapped)).toEqual(['delete']);
  Object.assign(provider, wrapProvider({ ...provider }, async () => undefined));
  expect(foreignMethods(provider, isWrapped)).toEqual([]);
});

test('the installed Strapi makes its provider in the way by which the plugin recognises it', () => {
  const register = path.join(path.dirname(require.resolve('@strapi/upload/package.json')), 'dist/server/register.js');
  expect(readFileSync(register, 'utf8')).toContain('providerInstance[methodName](file, options)');
});
