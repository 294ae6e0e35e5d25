import { useCallback, useEffect, useState } from 'react';

import type { StatusAnswer } from '../../../server/src/contracts/api';
import { useApi } from './useApi';

const CALM_MS = 30_000;
const BUSY_MS = 10_000;

/** The running state, asked for again while the page is looked at: more often when something is going on. */
export function useStatus() {
  const api = useApi();
  const [status, setStatus] = useState<StatusAnswer | null>(null);
  const [stale, setStale] = useState(false);

  const refresh = useCallback(async () => {
    if (document.hidden) return;
    try {
      setStatus(await api.readStatus());
      setStale(false);
    } catch {
      // what was known last is nearer to the truth than the settings, which know of no outage
      setStale(true);
    }
  }, [api]);

  const busy = status !== null && (status.outage !== null || status.pendingUploads.count > 0);
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), busy ? BUSY_MS : CALM_MS);
    return () => clearInterval(timer);
  }, [refresh, busy]);

  return { status, stale, refresh };
}
