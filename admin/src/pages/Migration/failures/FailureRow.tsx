import { Button, Tr, Typography } from '@strapi/design-system';

import type { ObjectEntry } from '../../../../../server/src/contracts/objects';
import { Cell } from '../../../components/Cell';
import { Name } from '../../../components/Name';
import { Numbers } from '../../../components/Numbers';
import { useSize } from '../../../hooks/useFormats';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { shownName } from '../../../utils/names';
import { stateKey } from '../../../utils/states';

interface Props {
  entry: ObjectEntry;
  /** Null: it cannot be asked for. */
  onRetry: (() => void) | null;
}

export function FailureRow({ entry, onRetry }: Props) {
  const t = useTranslate();
  const sizeOf = useSize();
  const errorTexts = useErrorTexts();
  const { key, size, attempts, lastError } = entry;
  const why = lastError && errorTexts(lastError.code, lastError);
  return (
    <Tr>
      <Cell min="16rem">
        <Typography tag="p" textColor="neutral800">
          <Name>{key}</Name>
        </Typography>
        <Numbers>{entry.state === 'missing' ? '–' : sizeOf(size)}</Numbers>
      </Cell>
      <Cell min="8rem">
        <Typography textColor="neutral800">{t(stateKey(entry.state))}</Typography>
      </Cell>
      <Cell min="22rem">
        <Typography tag="p" textColor="neutral800">
          {why?.message}
        </Typography>
        <Typography tag="p" variant="pi" textColor="neutral600">
          {why?.hint}
        </Typography>
      </Cell>
      <Cell>
        <Numbers>{t('number', { count: attempts })}</Numbers>
      </Cell>
      <Cell>
        {onRetry && (
          <Button size="S" variant="tertiary" aria-label={t('failures.retry.of', { file: shownName(key) })} onClick={onRetry}>
            {t('failures.retry')}
          </Button>
        )}
      </Cell>
    </Tr>
  );
}
