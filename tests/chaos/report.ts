import type { Audit } from './audit';
import type { World } from './world';

export type Say = (line: string) => void;

/** The number of violations that are reported with everything needed to find the cause. Further ones are only counted. */
const TOLD = 12;

/** Reports the counts and the violations. @returns the exit code */
export async function report(world: World, audit: Audit, say: Say): Promise<number> {
  for (const [what, times] of [...world.counts].sort(([one], [other]) => one.localeCompare(other))) say(`  ${times} × ${what}`);
  if (world.violations.length === 0) {
    say('No violation.');
    return 0;
  }
  const told = new Set<string>();
  for (const { what, key } of world.violations.slice(0, TOLD)) {
    say(`VIOLATION: ${what}`);
    if (key === null || told.has(key)) continue;
    told.add(key);
    say(await audit.facts(key).catch((error: unknown) => `its facts could not be collected: ${String(error)}`));
  }
  for (const { name, strapi } of world.replicas) {
    const own = strapi.logs().split('\n').filter((line) => line.includes('[s3-storage]'));
    say([`${name}: ${strapi.appDir}`, ...own.slice(-20)].join('\n'));
  }
  say(`${world.violations.length} violation(s).`);
  return 1;
}
