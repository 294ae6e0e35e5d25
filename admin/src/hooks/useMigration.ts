import { useCallback, useRef, useState } from 'react';

import type { StatusAnswer } from '../../../server/src/contracts/api';
import type { JobAnswer } from '../../../server/src/contracts/jobs';
import type { SettingsAnswer } from '../../../server/src/contracts/settings';
import { readFailure } from '../api/failure';
import { announcementsOf, isActive, isShown, type Announcement } from '../utils/jobs';
import { useApi } from './useApi';
import { usePoller } from './usePoller';

export interface Migration {
  jobs: JobAnswer[];
  /** Null: this role may not see them, or they cannot be had at the moment. */
  status: StatusAnswer | null;
  settings: SettingsAnswer | null;
}

export type LoadedMigration = { state: 'loading' } | { state: 'failed' } | ({ state: 'ready'; stale: boolean } & Migration);

/** Everything the page shows, asked for again and again; what could be had once stays on the page when an answer fails. */
export function useMigration() {
  const api = useApi();
  const [loaded, setLoaded] = useState<LoadedMigration>({ state: 'loading' });
  const [news, setNews] = useState<Announcement[]>([]);
  const last = useRef<JobAnswer[]>([]);

  const ask = useCallback(async () => {
    try {
      const optional = <T>(answer: Promise<T>) => answer.catch(() => null);
      const [{ jobs }, status, settings] = await Promise.all([api.readJobs(), optional(api.readStatus()), optional(api.readSettings())]);
      const told = announcementsOf(last.current, jobs);
      if (told.length > 0) setNews(told);
      last.current = jobs;
      setLoaded({ state: 'ready', stale: false, jobs, status, settings });
      return jobs.some((job) => isShown(job) && isActive(job));
    } catch (error) {
      if (!readFailure(error).aborted) {
        setLoaded((before) => (before.state === 'ready' ? { ...before, stale: true } : { state: 'failed' }));
      }
      return false;
    }
  }, [api]);

  const refresh = usePoller(ask);
  return { loaded, news, refresh };
}
