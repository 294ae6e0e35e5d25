import { useNotification } from '@strapi/strapi/admin';

import { useAct } from './useAct';
import { useApi } from './useApi';
import { useTranslate } from './useTranslate';

const nothing = async () => undefined;

/** Adds the CORS rule to the bucket in use, and tells how that ended. */
export function useInstallCors() {
  const t = useTranslate();
  const api = useApi();
  const { toggleNotification } = useNotification();
  const { act, busy } = useAct(nothing);

  const install = () =>
    act(async () => {
      const { added } = await api.installCors();
      toggleNotification({ type: 'success', message: t(added ? 'snippet.cors.added' : 'snippet.cors.present') });
    });

  return { install, busy };
}
