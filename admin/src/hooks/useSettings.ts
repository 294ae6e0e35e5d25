import { useCallback, useEffect, useState } from 'react';

import type { SettingsAnswer } from '../../../server/src/contracts/settings';
import { readFailure } from '../api/failure';
import { useApi } from './useApi';

export type Loaded = { state: 'loading' } | { state: 'failed' } | { state: 'ready'; answer: SettingsAnswer };

/** The stored settings; `accept` takes over the answer of a save, which is the same as a new GET. */
export function useSettings() {
  const api = useApi();
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });

  useEffect(() => {
    api.readSettings().then(
      (answer) => setLoaded({ state: 'ready', answer }),
      (error: unknown) => {
        if (!readFailure(error).aborted) setLoaded({ state: 'failed' });
      },
    );
  }, [api]);

  const accept = useCallback((answer: SettingsAnswer) => setLoaded({ state: 'ready', answer }), []);
  return { loaded, accept };
}
