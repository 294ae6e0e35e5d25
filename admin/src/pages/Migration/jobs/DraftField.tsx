import type { FormEvent } from 'react';

import { Button, Field, Flex, TextInput } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import type { useDraft } from './useDraft';

interface Props {
  name: string;
  label: string;
  hint: string;
  draft: ReturnType<typeof useDraft>;
  disabled: boolean;
  numeric?: boolean;
  onSave: () => void;
}

/** One text with a button of its own, as there is no form around it to save. */
export function DraftField({ name, label, hint, draft, disabled, numeric = false, onSave }: Props) {
  const t = useTranslate();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (draft.changed) onSave();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Field.Root id={`s3-storage-${name}`} name={name} hint={hint} error={draft.error}>
        <Field.Label>{label}</Field.Label>
        <Flex gap={2} alignItems="stretch">
          <Flex flex="1" direction="column" alignItems="stretch">
            <TextInput
              inputMode={numeric ? 'numeric' : undefined}
              value={draft.value}
              disabled={disabled}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target: { value } }) => draft.edit(value)}
            />
          </Flex>
          <Button type="submit" variant="tertiary" size="L" disabled={disabled || !draft.changed} aria-label={t('action.of', { action: t('save.action'), what: label })}>
            {t('save.action')}
          </Button>
        </Flex>
        <Field.Hint />
        <Field.Error />
      </Field.Root>
    </form>
  );
}
