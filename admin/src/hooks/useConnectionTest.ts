import { useCallback, useState } from 'react';

import type { TestAnswer } from '../../../server/src/contracts/api';
import type { SettingsPatch } from '../../../server/src/contracts/settings';
import { readFailure } from '../api/failure';
import type { Failure } from '../api/failure';
import { useApi } from './useApi';

export type TestRun =
  | { state: 'none' }
  | { state: 'running' }
  | { state: 'done'; answer: TestAnswer; revision: number };

/**
 * Tries values that need not be saved; remembers which revision of the form the findings are about, and apart from that what the
 * last test of the settings in force came to (`inForce`; null: there was none since they were saved).
 */
export function useConnectionTest(onRefused: (failure: Failure) => void) {
  const api = useApi();
  const [run, setRun] = useState<TestRun>({ state: 'none' });
  const [inForce, setInForce] = useState<TestAnswer | null>(null);

  const start = useCallback(
    async (patch: SettingsPatch, revision: number, isInForce: boolean): Promise<TestAnswer | null> => {
      setRun({ state: 'running' });
      if (isInForce) setInForce(null);
      try {
        const answer = await api.testSettings(patch);
        setRun({ state: 'done', answer, revision });
        if (isInForce) setInForce(answer);
        return answer;
      } catch (error) {
        setRun({ state: 'none' });
        onRefused(readFailure(error));
        return null;
      }
    },
    [api, onRefused],
  );

  /** Forgets the result, because S3 was seen to work since. */
  const forget = useCallback(() => setInForce(null), []);

  return { run, inForce, start, forget };
}
