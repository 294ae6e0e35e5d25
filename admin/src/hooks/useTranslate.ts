import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import type { ErrorCode } from '../../../server/src/contracts/errors';
import { prefixed } from '../translations';
import { english, type TranslationKey } from '../translations/english';

type Values = Record<string, string | number>;

export type Translate = (key: TranslationKey, values?: Values) => string;

/** Translations by the plugin's own keys, which the compiler checks; English stands in for a language not shipped. */
export function useTranslate(): Translate {
  const { formatMessage } = useIntl();
  return useCallback(
    (key, values) => formatMessage({ id: prefixed(key), defaultMessage: english[key] }, values),
    [formatMessage],
  );
}

const isKnown = (code: string): code is ErrorCode => `error.${code}.message` in english;

/** Message and hint of an error code; a code this panel does not know speaks with the server's words. */
export function useErrorTexts() {
  const t = useTranslate();
  return useCallback(
    (code: string | null, server: { message?: string | null; hint?: string | null } = {}) =>
      code !== null && isKnown(code)
        ? { message: t(`error.${code}.message`), hint: t(`error.${code}.hint`) }
        : { message: server.message || t('failure.unknown'), hint: server.hint ?? null },
    [t],
  );
}
