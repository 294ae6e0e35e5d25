import { useEffect, useRef } from 'react';

/** Calls back when an outage that was shown has ended by itself. */
export function useRecovery(away: boolean, onRecovered: () => void) {
  const before = useRef(away);
  useEffect(() => {
    if (before.current && !away) onRecovered();
    before.current = away;
  }, [away, onRecovered]);
}
