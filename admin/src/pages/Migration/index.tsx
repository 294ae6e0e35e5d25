import { Page, useRBAC } from '@strapi/strapi/admin';

import { useMigration } from '../../hooks/useMigration';
import { PERMISSIONS } from '../../permissions';
import { MigrationProvider } from './context';
import { MigrationPage } from './MigrationPage';

const ACTING = [...PERMISSIONS.runJobs, ...PERMISSIONS.update];

function LoadedMigration() {
  const { loaded, news, refresh } = useMigration();
  const { allowedActions, isLoading } = useRBAC(ACTING);

  if (loaded.state === 'failed') return <Page.Error />;
  if (loaded.state === 'loading' || isLoading) return <Page.Loading />;
  const mayRun = allowedActions.canRun === true;
  const mayUpdate = allowedActions.canUpdate === true;
  return (
    <MigrationProvider value={{ mayRun, mayUpdate, refresh }}>
      <MigrationPage migration={loaded} stale={loaded.stale} news={news} />
    </MigrationProvider>
  );
}

/** The route's entry: without the right to read, nothing is asked of the server. */
export default function ProtectedMigration() {
  return (
    <Page.Protect permissions={PERMISSIONS.readJobs}>
      <LoadedMigration />
    </Page.Protect>
  );
}
