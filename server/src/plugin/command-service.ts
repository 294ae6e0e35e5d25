import type { Core } from '@strapi/strapi';
import { createCommand, type Command } from '../cli/command';
import { hostFacts } from './command-facts';
import { systemClock } from '../core/clock';
import { hostOf } from './host';

/** The service `command`, which `bin/` calls in the project that it has loaded. */
export function commandService({ strapi }: { strapi: Core.Strapi }): Command {
  const host = {
    start: async () => (await hostOf(strapi).start()).admin,
    facts: () => hostFacts(strapi),
  };
  return createCommand(host, systemClock);
}
