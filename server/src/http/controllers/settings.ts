import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';

import type { TestAnswer } from '../../contracts/api';
import type { SettingsAnswer } from '../../contracts/settings';
import { permission } from '../permissions';
import type { AdminContext } from '../policies';
import { action } from '../respond';

/** `settings.update` alone does not let anybody read the settings: the answer to a change is no way around that. */
function mayRead(ctx: Context): boolean {
  return (ctx.state as AdminContext['state']).userAbility.can(permission('settings.read'));
}

function settingsFor(ctx: Context, answer: SettingsAnswer): SettingsAnswer | Pick<SettingsAnswer, 'mode' | 'reason'> {
  return mayRead(ctx) ? answer : { mode: answer.mode, reason: answer.reason };
}

/** The texts to paste name bucket and prefix. */
function testFor(ctx: Context, answer: TestAnswer): TestAnswer {
  return mayRead(ctx) ? answer : { ...answer, snippets: [] };
}

export function settingsController({ strapi }: { strapi: Core.Strapi }) {
  return {
    get: action(strapi, (engine) => engine.settings.answer()),
    update: action(strapi, async (engine, ctx) => settingsFor(ctx, await engine.settings.update(ctx.request.body))),
    leave: action(strapi, async (engine, ctx) => settingsFor(ctx, await engine.settings.leave())),
    comeBack: action(strapi, async (engine, ctx) => settingsFor(ctx, await engine.settings.comeBack())),
    test: action(strapi, async (engine, ctx) => testFor(ctx, await engine.settings.test(ctx.request.body))),
    preview: action(strapi, (engine, ctx) => engine.settings.preview(ctx.request.body)),
  };
}
