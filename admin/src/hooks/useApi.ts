import { useMemo } from 'react';

import { useFetchClient } from '@strapi/strapi/admin';

import { createApi } from '../api/client';

export function useApi() {
  const client = useFetchClient();
  return useMemo(() => createApi(client), [client]);
}
