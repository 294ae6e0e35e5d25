import { beginRun } from './test-run';

/** Before all suites, in the process that Jest itself runs in. */
export default function setup(): void {
  beginRun();
}
