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

/** Tries values that need not be saved; remembers which revision of the form the findings are about. */
export function useConnectionTest(onRefused: (failure: Failure) => void) {
  const api = useApi();
  const [run, setRun] = useState<TestRun>({ state: 'none' });

  const start = useCallback(
    async (patch: SettingsPatch, revision: number) => {
      setRun({ state: 'running' });
      try {
        setRun({ state: 'done', answer: await api.testSettings(patch), revision });
      } catch (error) {
        setRun({ state: 'none' });
        onRefused(readFailure(error));
      }
    },
    [api, onRefused],
  );

  return { run, start };
}
