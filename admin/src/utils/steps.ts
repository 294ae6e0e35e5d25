import { ERRORS } from '../../../server/src/contracts/errors';
import type { TestAnswer, TestStep, TestStepName } from '../../../server/src/contracts/api';

export const STEP_NAMES: readonly TestStepName[] = ['endpoint', 'credentials', 'read', 'write', 'verify', 'delete', 'public'];

export type StepRow =
  | { name: TestStepName; state: 'passed' | 'unchecked' | 'failed'; step: TestStep }
  | { name: TestStepName; state: 'left-out' };

/** All steps in their order; those the test never came to are shown as left out rather than missing. */
export function stepRows(answer: TestAnswer): StepRow[] {
  return STEP_NAMES.map((name) => {
    const step = answer.steps.find((candidate) => candidate.name === name);
    return step ? { name, state: stateOf(step), step } : { name, state: 'left-out' };
  });
}

/** A step that does not make the test fail, and still has a finding, could not check what its name says. */
function stateOf({ ok, code }: TestStep): 'passed' | 'unchecked' | 'failed' {
  if (!ok) return 'failed';
  return code === null ? 'passed' : 'unchecked';
}

/** The details that the server adds to the sentence of the code: S3's own words, a host name, the right region. */
export function detailOf({ code, message }: Pick<TestStep, 'code' | 'message'>): string | null {
  const generic = code && ERRORS[code]?.message;
  if (!generic || !message.startsWith(generic)) return message || null;
  return message.slice(generic.length).trim().replace(/^\((.*)\)$/s, '$1') || null;
}

/** Fine so far, but this instance may not write to the bucket, so the test did not either. */
export const wasReadOnly = (answer: TestAnswer) => answer.ok && answer.steps.length < STEP_NAMES.length;

/** The step at which a test stopped; null where there was no test, or it passed. */
export const failedIn = (answer: TestAnswer | null): TestStep | null => answer?.steps.find((step) => !step.ok) ?? null;
