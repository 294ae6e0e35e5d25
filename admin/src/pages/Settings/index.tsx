import { Page, useRBAC } from '@strapi/strapi/admin';

import { useSettings } from '../../hooks/useSettings';
import { PERMISSIONS } from '../../permissions';
import { SettingsPage } from './SettingsPage';

function LoadedSettings() {
  const { loaded, accept, reload } = useSettings();
  const { allowedActions, isLoading } = useRBAC(PERMISSIONS.update);

  if (loaded.state === 'failed') return <Page.Error />;
  if (loaded.state === 'loading' || isLoading) return <Page.Loading />;
  return <SettingsPage answer={loaded.answer} mayUpdate={allowedActions.canUpdate === true} onSaved={accept} reload={reload} />;
}

/** The route's entry: without the right to read, nothing is asked of the server. */
export default function ProtectedSettings() {
  return (
    <Page.Protect permissions={PERMISSIONS.read}>
      <LoadedSettings />
    </Page.Protect>
  );
}
