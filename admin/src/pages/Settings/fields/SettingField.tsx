import { SETTINGS } from '../../../../../server/src/contracts/settings';
import { useTranslate } from '../../../hooks/useTranslate';
import { isOfKind } from '../../../utils/fields';
import type { FieldName } from '../../../utils/fields';
import { ChoiceField } from './ChoiceField';
import { FlagField } from './FlagField';
import { NumberField } from './NumberField';
import { TextField } from './TextField';

interface Props {
  /** Provider, region and endpoint follow one another, so that they have fields of their own. */
  name: Exclude<FieldName, 'provider' | 'region' | 'endpoint'>;
  required?: boolean;
}

/** The input that the table's entry asks for by its kind. */
export function SettingField({ name, required }: Props) {
  const t = useTranslate();
  if (isOfKind(name, 'wholeNumber')) return <NumberField name={name} />;
  if (isOfKind(name, 'flag')) return <FlagField name={name} />;
  if (isOfKind(name, 'choice')) return <ChoiceField name={name} />;
  const setting = SETTINGS[name];
  const placeholder = 'example' in setting ? setting.example : undefined;
  return <TextField name={name} hint={t(`field.${name}.hint`)} placeholder={placeholder} required={required} />;
}
