import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import { formatBytes } from '../utils/format';

/** Sizes and moments as the reader's language writes them; a number and its unit are never on two lines. */
export function useSize() {
  const { locale } = useIntl();
  return useCallback((bytes: number) => formatBytes(bytes, locale).replaceAll(' ', '\u00a0'), [locale]);
}

export function useMoment() {
  const { formatDate } = useIntl();
  return useCallback((time: string) => formatDate(time, { dateStyle: 'medium', timeStyle: 'short' }), [formatDate]);
}
