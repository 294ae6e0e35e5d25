import type { HTMLInputTypeAttribute } from 'react';

import { TextInput } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import type { TextName } from '../../../utils/fields';
import { isReset } from '../../../utils/patch';
import { useForm } from '../context';
import { Frame } from './Frame';

interface Props {
  name: TextName;
  hint?: string;
  placeholder?: string;
  required?: boolean;
  type?: HTMLInputTypeAttribute;
}

export function TextField({ name, hint, placeholder, required, type = 'text' }: Props) {
  const t = useTranslate();
  const { state, editable, dispatch } = useForm();
  const pending = isReset(state, name);
  return (
    <Frame path={name} hint={hint} required={required}>
      <TextInput
        type={type}
        value={pending ? '' : state.values[name]}
        // In an input that cannot be typed into, an example would read as a value.
        placeholder={pending ? t('reset.pending') : editable ? placeholder : undefined}
        disabled={!editable || pending}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => dispatch({ type: 'changed', values: { [name]: event.target.value } })}
        onBlur={() => dispatch({ type: 'visited', path: name })}
      />
    </Frame>
  );
}
