import { useCallback } from 'react';

import type { Preset } from '../../../server/src/contracts/presets';
import type { TranslationKey } from '../translations';
import { useTranslate } from './useTranslate';

/** Those that are more than a name; the rest is called the same in every language. */
const WORDED: Partial<Record<Preset['id'], TranslationKey>> = { minio: 'preset.minio.label', other: 'preset.other.label' };

export function usePresetLabel() {
  const t = useTranslate();
  return useCallback(
    ({ id, label }: Pick<Preset, 'id' | 'label'>) => {
      const key = WORDED[id];
      return key ? t(key) : label;
    },
    [t],
  );
}
