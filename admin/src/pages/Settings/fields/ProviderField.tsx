import { SingleSelect, SingleSelectOption } from '@strapi/design-system';

import { PRESETS } from '../../../../../server/src/contracts/presets';
import { useTranslate } from '../../../hooks/useTranslate';
import { isReset } from '../../../utils/patch';
import { presetOf } from '../../../utils/presets';
import { useForm } from '../context';
import { Frame } from './Frame';

export function ProviderField() {
  const t = useTranslate();
  const { state, editable, dispatch } = useForm();
  return (
    <Frame path="provider" hint={t('field.provider.hint')}>
      <SingleSelect
        value={state.values.provider}
        disabled={!editable || isReset(state, 'provider')}
        onChange={(chosen) => dispatch({ type: 'changed', values: { provider: presetOf(String(chosen)).id } })}
      >
        {PRESETS.map((preset) => (
          <SingleSelectOption key={preset.id} value={preset.id}>
            {t(`preset.${preset.id}.label`)}
          </SingleSelectOption>
        ))}
      </SingleSelect>
    </Frame>
  );
}
