import { useCallback, useEffect, useState } from 'react';

import type { SettingsAnswer } from '../../../server/src/contracts/settings';
import { readFailure } from '../api/failure';
import { useApi } from './useApi';

export type Loaded = { state: 'loading' } | { state: 'failed' } | { state: 'ready'; answer: SettingsAnswer };

/**
 * The stored settings; `accept` takes over the answer of a save, which is the same as a new GET. `reload` asks again, and keeps the
 * answer before where none comes.
 */
export function useSettings() {
  const api = useApi();
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  const accept = useCallback((answer: SettingsAnswer) => setLoaded({ state: 'ready', answer }), []);

  const reload = useCallback(
    () =>
      api.readSettings().then(accept, (error: unknown) => {
        if (!readFailure(error).aborted) setLoaded((before) => (before.state === 'ready' ? before : { state: 'failed' }));
      }),
    [accept, api],
  );

  useEffect(() => void reload(), [reload]);

  return { loaded, accept, reload };
}
