import { useCallback } from 'react';

import { useNotification } from '@strapi/strapi/admin';

import type { Failure } from '../api/failure';
import { useErrorTexts } from './useTranslate';

/** Tells of a failed call as a notification, in the panel's language where the code is known. */
export function useFailureNotice() {
  const { toggleNotification } = useNotification();
  const errorTexts = useErrorTexts();
  return useCallback(
    (failure: Failure) => {
      if (failure.aborted) return;
      const { message, hint } = errorTexts(failure.code, { message: failure.message });
      toggleNotification({ type: 'danger', title: message, ...(hint ? { message: hint } : {}) });
    },
    [errorTexts, toggleNotification],
  );
}
