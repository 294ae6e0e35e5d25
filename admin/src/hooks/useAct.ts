import { useCallback, useState } from 'react';

import { readFailure } from '../api/failure';
import type { Failure } from '../api/failure';
import { useFailureNotice } from './useFailureNotice';

/** Runs one call at a time; its refusal is told, and is the answer for those who show it in a place of their own. */
export function useAct(after: () => Promise<void>) {
  const tellFailure = useFailureNotice();
  const [busy, setBusy] = useState(false);

  const act = useCallback(
    async (call: () => Promise<unknown>): Promise<Failure | null> => {
      setBusy(true);
      try {
        await call();
        return null;
      } catch (error) {
        const failure = readFailure(error);
        tellFailure(failure);
        return failure;
      } finally {
        setBusy(false);
        await after();
      }
    },
    [after, tellFailure],
  );

  return { act, busy };
}
