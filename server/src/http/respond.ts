import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';

import { ERRORS, type ErrorCode } from '../contracts/errors';
import type { MoveCounts } from '../contracts/api';
import type { FieldError } from '../contracts/settings';
import type { AdminApi } from '../core/admin/admin-api';
import { codeOf, described, printable, StorageError } from '../core/errors';
import { RequestRefused } from '../core/refused';
import { MoveUnconfirmed } from '../core/settings/move-unconfirmed';
import { adminOf } from './admin-access';

/** The body of every failed admin request, in the shape that Strapi uses. */
export interface ErrorBody {
  data: null;
  error: {
    status: number;
    name: 'ValidationError' | 'StorageError' | 'InternalServerError';
    message: string;
    details: { code: ErrorCode; hint: string; fields?: readonly FieldError[] } & Partial<MoveCounts>;
  };
}

/**
 * The status of codes that ask the caller to change the request or to come back later. Any other StorageError is a conflict with the
 * present state (409).
 */
const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_SETTINGS: 400,
  INVALID_QUERY: 400,
  ENDPOINT_FORBIDDEN: 400,
  SECRET_REQUIRED: 400,
  INVALID_KEY: 400,
  OBJECT_NOT_FOUND: 404,
  NO_SUCH_JOB: 404,
};

/** Returns the public form of a failure. It tells nothing about an unexpected one: neither its text nor its stack. */
export function errorBody(error: unknown): ErrorBody {
  const code = codeOf(error);
  const { message, hint } = ERRORS[code];
  if (error instanceof RequestRefused) {
    return { data: null, error: { status: 400, name: 'ValidationError', message, details: { code, hint, fields: error.fields } } };
  }
  if (error instanceof StorageError && code !== 'INTERNAL') {
    return { data: null, error: { status: STATUS[code] ?? 409, name: 'StorageError', message, details: { code, hint, ...(error instanceof MoveUnconfirmed && error.counts) } } };
  }
  return { data: null, error: { status: 500, name: 'InternalServerError', message, details: { code, hint } } };
}

/** Makes a controller action. It answers with the result of `work` and `status`, and answers a failure with {@link errorBody}. */
export function action<T>(strapi: Core.Strapi, work: (admin: AdminApi, ctx: Context) => Promise<T>, status = 200): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    // settings and states are true for this moment and for this reader only
    ctx.set('Cache-Control', 'no-store');
    const engine = adminOf(strapi);
    try {
      if (!engine) throw new Error('the engine did not start');
      ctx.body = await work(engine.admin, ctx);
      ctx.status = status;
    } catch (error) {
      const body = errorBody(error);
      if (body.error.status >= 500) {
        const line = `${ctx.method} ${printable(ctx.path)} failed: ${described(error)}`;
        if (engine) engine.log.error(line);
        else strapi.log.error(`[s3-storage] ${line}`);
      }
      ctx.status = body.error.status;
      ctx.body = body;
    }
  };
}
