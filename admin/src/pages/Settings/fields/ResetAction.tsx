import { TextButton } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import type { FieldName } from '../../../utils/fields';
import { isReset } from '../../../utils/patch';
import { useForm } from '../context';

/** Forgets the stored value, so that config file, environment or default counts again; or takes that back. */
export function ResetAction({ name }: { name: FieldName }) {
  const t = useTranslate();
  const { state, sources, editable, dispatch } = useForm();
  const pending = isReset(state, name);
  if (!editable || (!pending && sources[name] !== 'database')) return null;
  const field = t(`field.${name}.label`);
  return pending ? (
    <TextButton type="button" onClick={() => dispatch({ type: 'unreset', name })} aria-label={t('reset.undo.of', { field })}>
      {t('reset.undo')}
    </TextButton>
  ) : (
    <TextButton type="button" onClick={() => dispatch({ type: 'reset', name })} aria-label={t('reset.of', { field })}>
      {t('reset')}
    </TextButton>
  );
}
