import { useCallback, useEffect, useRef } from 'react';

import { Poller } from '../utils/poller';

/** Calls `ask` at once and again and again while the page is looked at; the answer is the way to have it called now. */
export function usePoller(ask: () => Promise<boolean>): () => Promise<void> {
  const poller = useRef<Poller | null>(null);

  useEffect(() => {
    const own = new Poller({
      ask,
      hidden: () => document.hidden,
      setTimer: (callback, ms) => window.setTimeout(callback, ms),
      clearTimer: (timer) => window.clearTimeout(timer as number),
    });
    poller.current = own;
    const changed = () => own.visibilityChanged();
    document.addEventListener('visibilitychange', changed);
    void own.now();
    return () => {
      document.removeEventListener('visibilitychange', changed);
      own.end();
    };
  }, [ask]);

  return useCallback(async () => poller.current?.now(), []);
}
