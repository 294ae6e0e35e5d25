import type { Core } from '@strapi/strapi';

import type { StatusAnswer, TestAnswer } from '../contracts/api';
import type { ObjectsAnswer } from '../contracts/objects';
import type { SettingsAnswer } from '../contracts/settings';

/** What the routes `/settings` need. Bodies come unchecked; a refusal is a StorageError (SettingsRefused for a bad body). */
export interface SettingsEndpoint {
  answer(): Promise<SettingsAnswer>;
  update(body: unknown): Promise<SettingsAnswer>;
  test(body: unknown): Promise<TestAnswer>;
}

/** All that the admin routes see of the engine. */
export interface EnginePort {
  readonly settings: SettingsEndpoint;
  status(): Promise<StatusAnswer>;
  /** The query comes unchecked. @throws RequestRefused for a bad one */
  objects(query: unknown): Promise<ObjectsAnswer>;
}

/** By instance: tests run several Strapis in one process, and a reload makes another one. */
const engines = new WeakMap<object, EnginePort>();

/** Makes the engine of this Strapi known to the controllers; undefined takes it away. */
export function provideEngine(strapi: Core.Strapi, engine: EnginePort | undefined): void {
  if (engine) engines.set(strapi, engine);
  else engines.delete(strapi);
}

/** Undefined before the engine started, and after it failed to. */
export function engineOf(strapi: Core.Strapi): EnginePort | undefined {
  return engines.get(strapi);
}
