import { useCallback, useEffect, useState } from 'react';

import { readFailure } from '../api/failure';

interface Paged {
  pagination: { page: number; pageSize: number; total: number };
}

/**
 * One page of a list; asked for again when `stamp` changes. Until the next page is there, the one before stays, so that the
 * table does not jump. Null: not there yet.
 */
export function usePage<T extends Paged>(read: (page: number) => Promise<T>, stamp: string) {
  const [page, setPage] = useState(1);
  const [answer, setAnswer] = useState<T | 'failed' | null>(null);

  useEffect(() => {
    let left = false;
    read(page).then(
      (found) => {
        if (left) return;
        const pages = Math.max(1, Math.ceil(found.pagination.total / found.pagination.pageSize));
        // what was listed here has been dealt with
        if (page > pages) setPage(pages);
        else setAnswer(found);
      },
      (error: unknown) => {
        if (!left && !readFailure(error).aborted) setAnswer('failed');
      },
    );
    return () => {
      left = true;
    };
  }, [read, page, stamp]);

  const turn = useCallback((to: number) => setPage(to), []);
  return { answer, page, turn };
}
