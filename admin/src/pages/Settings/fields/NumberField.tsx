import { TextInput, Typography } from '@strapi/design-system';

import type { WholeNumber } from '../../../../../server/src/contracts/setting-kinds';
import { SETTINGS } from '../../../../../server/src/contracts/settings';
import { useTranslate } from '../../../hooks/useTranslate';
import type { NumberName } from '../../../utils/fields';
import { isReset } from '../../../utils/patch';
import { useForm } from '../context';
import { Frame } from './Frame';

/** A text input on purpose: the design system's number input drops what it cannot parse, so no error could be shown. */
export function NumberField({ name }: { name: NumberName }) {
  const t = useTranslate();
  const { state, editable, dispatch } = useForm();
  const pending = isReset(state, name);
  const setting: WholeNumber = SETTINGS[name];
  const unit = setting.unit === 'days' || setting.unit === 'minutes' ? t(`unit.${setting.unit}`) : setting.unit;
  return (
    <Frame path={name} hint={t(`field.${name}.hint`)}>
      <TextInput
        inputMode="numeric"
        value={pending ? '' : state.values[name]}
        placeholder={pending ? t('reset.pending') : undefined}
        disabled={!editable || pending}
        autoComplete="off"
        endAction={
          unit && (
            <Typography variant="pi" textColor="neutral600" aria-hidden>
              {unit}
            </Typography>
          )
        }
        onChange={(event) => dispatch({ type: 'changed', values: { [name]: event.target.value } })}
        onBlur={() => dispatch({ type: 'visited', path: name })}
      />
    </Frame>
  );
}
