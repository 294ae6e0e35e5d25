import { createContext, useContext } from 'react';

export interface MigrationRights {
  /** Start, stop, schedule, retry. */
  mayRun: boolean;
  /** Change settings; leave S3 and come back. */
  mayUpdate: boolean;
  /** Has everything on the page asked for again. */
  refresh: () => Promise<void>;
}

const MigrationContext = createContext<MigrationRights | null>(null);

export const MigrationProvider = MigrationContext.Provider;

export function useRights(): MigrationRights {
  const rights = useContext(MigrationContext);
  if (!rights) throw new Error('useRights outside of the migration page');
  return rights;
}
