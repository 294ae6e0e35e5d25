import { SingleSelect, SingleSelectOption } from '@strapi/design-system';

import { SETTINGS } from '../../../../../server/src/contracts/settings';
import type { SettingValue } from '../../../../../server/src/contracts/settings';
import { useTranslate } from '../../../hooks/useTranslate';
import type { ChoiceName } from '../../../utils/fields';
import { isReset } from '../../../utils/patch';
import { useForm } from '../context';
import { Frame } from './Frame';

/** The provider has a field of its own, with the labels of the presets. */
type Name = Exclude<ChoiceName, 'provider'>;
/** The text of each option, for its own setting only. */
type OptionKey = { [K in Name]: `field.${K}.${SettingValue<K>}` }[Name];
const optionKey = <K extends Name>(name: K, option: SettingValue<K>) => `field.${name}.${option}` as OptionKey;

/** One of the words that the table lists. */
export function ChoiceField({ name }: { name: Name }) {
  const t = useTranslate();
  const { state, editable, dispatch } = useForm();
  const options: readonly SettingValue<Name>[] = SETTINGS[name].options;
  return (
    <Frame path={name} hint={t(`field.${name}.hint`)}>
      <SingleSelect
        value={state.values[name]}
        disabled={!editable || isReset(state, name)}
        onChange={(chosen) => dispatch({ type: 'changed', values: { [name]: options.find((option) => option === chosen) ?? options[0] } })}
      >
        {options.map((option) => (
          <SingleSelectOption key={option} value={option}>
            {t(optionKey(name, option))}
          </SingleSelectOption>
        ))}
      </SingleSelect>
    </Frame>
  );
}
