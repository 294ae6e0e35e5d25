import { Checkbox, Field, Flex } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import type { FlagName } from '../../../utils/fields';
import { isReset } from '../../../utils/patch';
import { useForm } from '../context';
import { ResetAction } from './ResetAction';
import { SourceBadge } from './SourceBadge';

/** A checkbox carries its label itself, so it has a frame of its own. */
export function FlagField({ name }: { name: FlagName }) {
  const t = useTranslate();
  const { state, editable, dispatch, errorAt } = useForm();
  const id = `s3-storage-${name}`;
  return (
    <Field.Root id={id} name={name} hint={t(`field.${name}.hint`)} error={errorAt(name)}>
      <Flex gap={2} alignItems="center">
        <Checkbox
          checked={state.values[name]}
          disabled={!editable || isReset(state, name)}
          aria-describedby={errorAt(name) ? `${id}-error` : `${id}-hint`}
          onCheckedChange={(checked) => dispatch({ type: 'changed', values: { [name]: checked === true } })}
        >
          {t(`field.${name}.label`)}
        </Checkbox>
        <SourceBadge path={name} />
      </Flex>
      <Flex justifyContent="space-between" alignItems="flex-start" gap={3}>
        <Field.Hint />
        <Field.Error />
        <ResetAction name={name} />
      </Flex>
    </Field.Root>
  );
}
