import path from 'node:path';
import type { Core } from '@strapi/strapi';
import { FormerUploads } from '../adapters/strapi/former-uploads';
import { strapiLog } from '../adapters/strapi/log';
import { Redactor } from '../core/settings/redactor';

const all = new WeakMap<Core.Strapi, FormerUploads>();

export function formerUploadsOf(strapi: Core.Strapi): FormerUploads {
  let former = all.get(strapi);
  if (!former) all.set(strapi, (former = new FormerUploads(path.join(strapi.dirs.static.public, 'uploads'), strapiLog(strapi, new Redactor()))));
  return former;
}
