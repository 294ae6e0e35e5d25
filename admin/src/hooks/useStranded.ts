import { useEffect, useState } from 'react';

import type { ObjectEntry } from '../../../server/src/contracts/objects';
import { useApi } from './useApi';

/** How many files are listed at once. */
export const STRANDED_SHOWN = 20;

/** The first files that are out of reach; null until they are known. Asked for again when their number changes. */
export function useStranded(count: number): ObjectEntry[] | 'failed' | null {
  const api = useApi();
  const [files, setFiles] = useState<ObjectEntry[] | 'failed' | null>(null);
  useEffect(() => {
    let left = false;
    const take = (found: ObjectEntry[] | 'failed') => {
      if (!left) setFiles(found);
    };
    api.readStranded(STRANDED_SHOWN).then(
      ({ results }) => take(results),
      () => take('failed'),
    );
    return () => {
      left = true;
    };
  }, [api, count]);
  return files;
}
