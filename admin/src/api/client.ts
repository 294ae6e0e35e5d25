import type { FetchClient } from '@strapi/strapi/admin';

import type { StatusAnswer, TestAnswer } from '../../../server/src/contracts/api';
import type { ObjectsAnswer } from '../../../server/src/contracts/objects';
import type { SettingsAnswer, SettingsPatch } from '../../../server/src/contracts/settings';
import { PLUGIN_ID } from '../pluginId';

const SETTINGS = `/${PLUGIN_ID}/settings`;

/** The plugin's admin API, typed by the contracts; a refused call rejects with Strapi's FetchError. */
export function createApi({ get, put, post }: FetchClient) {
  return {
    readSettings: async () => (await get<SettingsAnswer>(SETTINGS)).data,
    saveSettings: async (patch: SettingsPatch) => (await put<SettingsAnswer, SettingsPatch>(SETTINGS, patch)).data,
    testSettings: async (patch: SettingsPatch) => (await post<TestAnswer, SettingsPatch>(`${SETTINGS}/test`, patch)).data,
    readStranded: async (pageSize: number) =>
      (await get<ObjectsAnswer>(`/${PLUGIN_ID}/objects?stranded=true&pageSize=${pageSize}`)).data,
    readStatus: async () => (await get<StatusAnswer>(`/${PLUGIN_ID}/status`)).data,
  };
}

export type Api = ReturnType<typeof createApi>;
