import type { Core } from '@strapi/strapi';

import type { PreviewAnswer, StatusAnswer, TestAnswer } from '../contracts/api';
import type { JobAnswer, JobsAnswer, KeysAnswer, ReportAnswer } from '../contracts/jobs';
import type { ObjectsAnswer } from '../contracts/objects';
import type { SettingsAnswer } from '../contracts/settings';
import type { Logger } from '../core/log';

/** What the routes `/settings` need. Bodies come unchecked; a refusal is a StorageError (SettingsRefused for a bad body). */
export interface SettingsEndpoint {
  answer(): Promise<SettingsAnswer>;
  update(body: unknown): Promise<SettingsAnswer>;
  test(body: unknown): Promise<TestAnswer>;
  /** What the settings of the body, in place of the stored ones, would lose sight of; stores nothing. */
  preview(body: unknown): Promise<PreviewAnswer>;
  /** “Stop using S3”: it is read, and used for new files no more. @throws StorageError with the reason where S3 is not in use */
  leave(): Promise<SettingsAnswer>;
  /** Takes that back. */
  comeBack(): Promise<SettingsAnswer>;
}

/** What the routes `/jobs` need. Names, bodies and queries come unchecked; refusals as above. */
export interface JobsEndpoint {
  answer(): Promise<JobsAnswer>;
  start(name: string, body: unknown): Promise<JobAnswer>;
  stop(name: string): Promise<JobAnswer>;
  setSchedule(name: string, body: unknown): Promise<JobAnswer>;
  report(name: string, query: unknown): Promise<ReportAnswer>;
}

/** What the routes need that change `/objects`. */
export interface ObjectsEndpoint {
  retry(body: unknown): Promise<KeysAnswer>;
  untrash(body: unknown): Promise<KeysAnswer>;
}

/** All that the admin routes see of the engine. */
export interface EnginePort {
  readonly log: Logger;
  readonly settings: SettingsEndpoint;
  readonly jobs: JobsEndpoint;
  readonly changes: ObjectsEndpoint;
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
