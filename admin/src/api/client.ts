import type { FetchClient } from '@strapi/strapi/admin';

import type { ClaimAnswer, CorsAnswer, MoveCounts, StatusAnswer, TestAnswer } from '../../../server/src/contracts/api';
import type { ClaimRequest } from '../../../server/src/contracts/claim';
import type { JobName, JobsAnswer, KeysAnswer, KeysRequest, ReportAnswer, ScheduledJob, ScheduleRequest, StartRequest } from '../../../server/src/contracts/jobs';
import type { ObjectsAnswer } from '../../../server/src/contracts/objects';
import type { SettingsAnswer, SettingsPatch, SettingsUpdate } from '../../../server/src/contracts/settings';
import { PLUGIN_ID } from '../pluginId';

const SETTINGS = `/${PLUGIN_ID}/settings`;
const JOBS = `/${PLUGIN_ID}/jobs`;
const OBJECTS = `/${PLUGIN_ID}/objects`;

/** The plugin's admin API, typed by the contracts; a refused call rejects with Strapi's FetchError. */
export function createApi({ get, put, post }: FetchClient) {
  return {
    readSettings: async () => (await get<SettingsAnswer>(SETTINGS)).data,
    saveSettings: async (update: SettingsUpdate) => (await put<SettingsAnswer, SettingsUpdate>(SETTINGS, update)).data,
    /** Asks which files a patch would leave behind or lose sight of, and saves nothing. */
    previewSettings: async (patch: SettingsPatch) => (await post<MoveCounts, SettingsPatch>(`${SETTINGS}/preview`, patch)).data,
    testSettings: async (patch: SettingsPatch) => (await post<TestAnswer, SettingsPatch>(`${SETTINGS}/test`, patch)).data,
    installCors: async () => (await post<CorsAnswer>(`${SETTINGS}/cors`, {})).data,
    /** Asks what a claim would do, and changes nothing. */
    readClaim: async () => (await get<ClaimAnswer>(`${SETTINGS}/claim`)).data,
    claim: async (request: ClaimRequest) => void (await post<ClaimAnswer, ClaimRequest>(`${SETTINGS}/claim`, request)),
    readStranded: async (pageSize: number) =>
      (await get<ObjectsAnswer>(`${OBJECTS}?stranded=true&pageSize=${pageSize}`)).data,
    readStatus: async () => (await get<StatusAnswer>(`/${PLUGIN_ID}/status`)).data,
    readJobs: async () => (await get<JobsAnswer>(JOBS)).data,
    startJob: async (name: JobName, options: StartRequest) => void (await post(`${JOBS}/${name}/start`, options)),
    stopJob: async (name: JobName) => void (await post(`${JOBS}/${name}/stop`, {})),
    schedule: async (name: ScheduledJob, change: ScheduleRequest) => void (await put(`${JOBS}/${name}/schedule`, change)),
    readReport: async (name: JobName, page: number, pageSize: number) =>
      (await get<ReportAnswer>(`${JOBS}/${name}/report?page=${page}&pageSize=${pageSize}`)).data,
    readFailed: async (page: number, pageSize: number) =>
      (await get<ObjectsAnswer>(`${OBJECTS}?failed=true&page=${page}&pageSize=${pageSize}`)).data,
    retry: async (which: KeysRequest) => (await post<KeysAnswer, KeysRequest>(`${OBJECTS}/retry`, which)).data,
    leave: async () => (await post<SettingsAnswer>(`${SETTINGS}/leave`, {})).data,
    returnToS3: async () => (await post<SettingsAnswer>(`${SETTINGS}/return`, {})).data,
  };
}

export type Api = ReturnType<typeof createApi>;
