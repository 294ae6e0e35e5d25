import { useCallback, useState } from 'react';

import type { MoveCounts } from '../../../server/src/contracts/api';
import type { SettingsAnswer, SettingsPatch, SettingsUpdate } from '../../../server/src/contracts/settings';
import { readFailure } from '../api/failure';
import type { Failure } from '../api/failure';
import { useApi } from './useApi';

/** The files that a change would leave behind or lose sight of; `unknown`: the server could not say. */
export type Loss = MoveCounts | 'unknown';

export type Saving = { state: 'idle' } | { state: 'busy' } | { state: 'asking'; loss: Loss; patch: SettingsPatch };

interface Handlers {
  onSaved: (answer: SettingsAnswer) => Promise<void>;
  onRefused: (failure: Failure) => void;
}

/**
 * Saves a patch. One that concerns where files lie is previewed first: where files would stay behind or get out of reach, it waits for
 * `confirm`. It also waits where the server asks for a confirmation that the preview did not foresee.
 */
export function useSave({ onSaved, onRefused }: Handlers) {
  const api = useApi();
  const [saving, setSaving] = useState<Saving>({ state: 'idle' });

  const store = useCallback(
    async ({ confirmMove, ...patch }: SettingsUpdate) => {
      setSaving({ state: 'busy' });
      let next: Saving = { state: 'idle' };
      try {
        await onSaved(await api.saveSettings(confirmMove ? { ...patch, confirmMove } : patch));
      } catch (error) {
        const failure = readFailure(error);
        if (failure.code === 'MOVE_UNCONFIRMED') next = { state: 'asking', loss: failure.counts ?? 'unknown', patch };
        else onRefused(failure);
      } finally {
        setSaving(next);
      }
    },
    [api, onRefused, onSaved],
  );

  const save = useCallback(
    async (patch: SettingsPatch, moves: boolean) => {
      if (!moves) return store(patch);
      setSaving({ state: 'busy' });
      let loss: Loss;
      try {
        loss = await api.previewSettings(patch);
      } catch (error) {
        const failure = readFailure(error);
        // what would be refused anyway is refused now; anything else says nothing of the files
        if (failure.fields.length > 0 || failure.aborted) {
          setSaving({ state: 'idle' });
          onRefused(failure);
          return undefined;
        }
        loss = 'unknown';
      }
      if (loss !== 'unknown' && loss.staying.count + loss.outOfSight.count === 0) return store(patch);
      setSaving({ state: 'asking', loss, patch });
      return undefined;
    },
    [api, onRefused, store],
  );

  const confirm = useCallback(() => (saving.state === 'asking' ? void store({ ...saving.patch, confirmMove: true }) : undefined), [saving, store]);
  const cancel = useCallback(() => setSaving({ state: 'idle' }), []);
  return { saving, save, confirm, cancel };
}
