import type { Core } from '@strapi/strapi';
import type { JobName } from './contracts/jobs';
import { createCommand, type Command } from './cli/command';
import type { CommandEngine } from './cli/command-engine';
import { hostFacts } from './command-facts';
import { systemClock } from './core/clock';
import { StorageError } from './core/errors';
import type { Engine } from './engine';
import { hostOf } from './engine-host';

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
function jobsOf(_engine: Engine): Pick<CommandEngine, 'jobs' | 'report' | 'runNow'> {
  const none = async (name: JobName): Promise<never> => {
    throw new StorageError('NO_SUCH_JOB', { operation: 'run', subject: name });
  };
  return { jobs: async () => ({ jobs: [] }), report: none, runNow: none };
}
