import type { Core } from '@strapi/strapi';
import { createCommand, type Command } from '../cli/command';
import type { CommandEngine } from '../cli/command-engine';
import { hostFacts } from './command-facts';
import { systemClock } from '../core/clock';
import type { Engine } from '../engine/engine';
import { hostOf } from './host';

/** The service `command`: what `bin/` calls in the project it has loaded. */
export function commandService({ strapi }: { strapi: Core.Strapi }): Command {
  const host = {
    start: async () => commandEngine(await hostOf(strapi).start()),
    facts: () => hostFacts(strapi),
  };
  return createCommand(host, systemClock);
}

function commandEngine(engine: Engine): CommandEngine {
  return {
    settings: () => engine.settings.answer(),
    test: () => engine.settings.test({}),
    status: () => engine.status(),
    objects: (query) => engine.objects(query),
    ...jobsOf(engine),
  };
}

/** The jobs as the command line sees them. */
function jobsOf(engine: Engine): Pick<CommandEngine, 'jobs' | 'report' | 'runNow'> {
  return {
    jobs: () => engine.jobs.answer(),
    report: (name, query) => engine.jobs.report(name, query),
    runNow: (name, options, hooks) => engine.runner.runNow(name, options, hooks),
  };
}
