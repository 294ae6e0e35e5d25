import { useCallback, useEffect, useState } from 'react';

import type { ClaimAnswer } from '../../../server/src/contracts/api';
import { readFailure } from '../api/failure';
import type { Failure } from '../api/failure';
import { claimRequest } from '../utils/claim';
import { useApi } from './useApi';

/** Asks what a claim would do, and claims. After a refusal it asks again, so that the next decision is made on what is true now. */
export function useClaim(onClaimed: () => void) {
  const api = useApi();
  const [answer, setAnswer] = useState<ClaimAnswer | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [areDeletesConfirmed, confirmDeletes] = useState(false);
  const [busy, setBusy] = useState<'looking' | 'claiming' | null>('looking');

  const look = useCallback(async () => {
    setBusy('looking');
    // the confirmation was about the numbers seen before
    confirmDeletes(false);
    setAnswer(null);
    try {
      setAnswer(await api.readClaim());
      return null;
    } catch (error) {
      return readFailure(error);
    } finally {
      setBusy(null);
    }
  }, [api]);

  useEffect(() => {
    void look().then((failed) => setFailure(failed?.aborted ? null : failed));
  }, [look]);

  const claim = async () => {
    if (!answer || busy) return;
    setBusy('claiming');
    setFailure(null);
    try {
      await api.claim(claimRequest(answer, areDeletesConfirmed));
    } catch (error) {
      setFailure(readFailure(error));
      await look();
      return;
    }
    onClaimed();
  };

  return { answer, failure, busy, areDeletesConfirmed, confirmDeletes, claim };
}
