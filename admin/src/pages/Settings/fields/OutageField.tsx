import { SingleSelect, SingleSelectOption } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { isReset } from '../../../utils/patch';
import { useForm } from '../context';
import { Frame } from './Frame';

/** What becomes of an upload while S3 is away. */
export function OutageField() {
  const t = useTranslate();
  const { state, editable, dispatch } = useForm();
  return (
    <Frame path="onOutage" hint={t('field.onOutage.hint')}>
      <SingleSelect
        value={state.values.onOutage}
        disabled={!editable || isReset(state, 'onOutage')}
        onChange={(chosen) => dispatch({ type: 'changed', values: { onOutage: chosen === 'reject' ? 'reject' : 'local' } })}
      >
        <SingleSelectOption value="local">{t('field.onOutage.local')}</SingleSelectOption>
        <SingleSelectOption value="reject">{t('field.onOutage.reject')}</SingleSelectOption>
      </SingleSelect>
    </Frame>
  );
}
