import { useCallback, useMemo, useReducer } from 'react';

import type { SettingsAnswer } from '../../../server/src/contracts/settings';
import type { Failure } from '../api/failure';
import type { ErrorPath } from '../utils/fields';
import { isErrorPath } from '../utils/fields';
import { loadForm, reduceForm } from '../utils/formState';
import type { FormState } from '../utils/formState';
import { touchesConnection, validate } from '../utils/validate';
import { useErrorTexts, useTranslate } from './useTranslate';

/** A move of the place is felt at the secret, which people may never visit: leaving either counts. */
const SHOWN_AFTER: Partial<Record<ErrorPath, readonly ErrorPath[]>> = {
  secretAccessKey: ['secretAccessKey', 'bucket', 'endpoint', 'accessKeyId'],
};

const isShown = (state: FormState, path: ErrorPath) =>
  state.attempted !== null || (SHOWN_AFTER[path] ?? [path]).some((other) => state.visited.includes(other));

/** The form's state with its findings, in words, at the fields they are about. */
export function useSettingsForm(answer: SettingsAnswer) {
  const t = useTranslate();
  const errorTexts = useErrorTexts();
  const [state, dispatch] = useReducer(reduceForm, answer.settings, (settings) => loadForm(settings));

  const { sources } = answer;
  const problems = useMemo(
    () => validate(state, sources, state.attempted === 'test' || touchesConnection(state)),
    [state, sources],
  );

  const errorAt = useCallback(
    (path: ErrorPath): string | undefined => {
      const refusal = state.refused[path];
      if (refusal) return refusal;
      const problem = problems[path];
      return problem && isShown(state, path) ? t(problem.key, problem.values) : undefined;
    },
    [problems, state, t],
  );

  /** Puts the API's findings at their fields; false when there is none to put anywhere. */
  const refuse = useCallback(
    (failure: Failure): boolean => {
      // The API names what moved; what there is to do is at the secret.
      const named = failure.code === 'SECRET_REQUIRED' ? [{ path: 'secretAccessKey', message: '' }] : failure.fields;
      const fields = named.filter(({ path }) => isErrorPath(path));
      if (fields.length === 0) return false;
      // A code of its own says more, and in the panel's language, than the words of the field.
      const special = failure.code !== null && failure.code !== 'INVALID_SETTINGS';
      const worded = fields.map(({ path, message, missing }) => {
        if (special) return { path, message: errorTexts(failure.code, { message }).message };
        // only an endpoint is missed by the server alone: after a reset, the page cannot know what comes in its place
        const named = missing && path === 'endpoint';
        return { path, message: named ? t('invalid.endpoint.required') : t('invalid.refused', { message }) };
      });
      dispatch({ type: 'refused', fields: worded });
      return true;
    },
    [errorTexts, t],
  );

  return { state, dispatch, errorAt, refuse };
}
