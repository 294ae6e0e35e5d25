import { beginRun } from './test-run';

/** Jest calls it before all suites, in its own process. */
export default function setup(): void {
  beginRun();
}
