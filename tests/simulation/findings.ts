import type { NewFinding } from '../../server/src/core/runner/job';
import type { World } from './world';

/**
 * Checks what an audit reports. Nobody takes bytes away in a history, so that no file is lost but one whose object
 * somebody has damaged, or the owner of the bucket has removed.
 * @throws Violation
 */
export function checkFindings(world: World, findings: readonly NewFinding[]): void {
  for (const { kind, key, name } of findings) {
    if (kind === 'lost' && !(name !== null && !world.answersFor(name))) world.violated(`an audit calls ${key} lost`);
    if (kind === 'stranded') world.violated(`an audit calls the disk of ${key} vanished`);
  }
}
