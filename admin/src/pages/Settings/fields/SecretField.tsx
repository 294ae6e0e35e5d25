import { forwardRef, useEffect, useRef } from 'react';

import { Button, Flex, TextInput } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { useForm } from '../context';
import { Frame } from './Frame';

/** Stands for a secret that is known to the server only; its length says nothing. */
const MASK = '••••••••••••••••';

export function SecretField() {
  const t = useTranslate();
  const { state, sources, editable, dispatch } = useForm();
  const { secret, secretSet } = state;
  const { input, button, moved } = useFocusAfterChoice(secret.kind);
  const edit = (next: typeof secret) => dispatch({ type: 'secret', edit: next });
  /** The control that was used makes way for others: the focus goes on to what comes next. */
  const choose = (next: typeof secret) => {
    moved();
    edit(next);
  };
  const of = (action: string) => t('secret.of', { action });
  const remove = editable && sources.secretAccessKey === 'database' && (
    <SideButton label={t('secret.remove')} name={of(t('secret.remove'))} onClick={() => choose({ kind: 'remove' })} />
  );

  if (secret.kind === 'remove') {
    return (
      <Frame path="secretAccessKey" hint={t('secret.removed')}>
        <Flex gap={2} alignItems="stretch">
          <Flex flex="1" direction="column" alignItems="stretch">
            <TextInput key="removed" value="" placeholder={t('reset.pending')} disabled />
          </Flex>
          {editable && <SideButton ref={button} label={t('reset.undo')} name={of(t('reset.undo'))} onClick={() => choose({ kind: 'keep' })} />}
        </Flex>
      </Frame>
    );
  }

  if (secretSet && secret.kind === 'keep') {
    return (
      <Frame path="secretAccessKey" hint={t('secret.stored')}>
        <Flex gap={2} alignItems="stretch">
          <Flex flex="1" direction="column" alignItems="stretch">
            <TextInput key="kept" value={MASK} readOnly disabled={!editable} autoComplete="off" />
          </Flex>
          {editable && <SideButton ref={button} label={t('secret.replace')} name={of(t('secret.replace'))} onClick={() => choose({ kind: 'replace', value: '' })} />}
          {remove}
        </Flex>
      </Frame>
    );
  }

  return (
    <Frame path="secretAccessKey" hint={t('secret.enter')}>
      <Flex gap={2} alignItems="stretch">
        <Flex flex="1" direction="column" alignItems="stretch">
          <TextInput
            key="entered"
            type="password"
            value={secret.kind === 'replace' ? secret.value : ''}
            disabled={!editable}
            // Keeps browsers from filling in the administrator's own password.
            autoComplete="new-password"
            ref={input}
            onChange={({ target: { value } }) => edit(secretSet || value ? { kind: 'replace', value } : { kind: 'keep' })}
            onBlur={() => dispatch({ type: 'visited', path: 'secretAccessKey' })}
          />
        </Flex>
        {editable && secretSet && <SideButton label={t('secret.keep')} name={of(t('secret.keep'))} onClick={() => choose({ kind: 'keep' })} />}
        {!secretSet && remove}
      </Flex>
    </Frame>
  );
}

/** Where the focus goes once the choice has taken effect: the input where there is one to fill in, else the first button. */
function useFocusAfterChoice(kind: string) {
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const chosen = useRef(false);
  useEffect(() => {
    if (!chosen.current) return;
    chosen.current = false;
    (input.current ?? button.current)?.focus();
  }, [kind]);
  return { input, button, moved: () => void (chosen.current = true) };
}

interface SideButtonProps {
  label: string;
  /** The name that screen readers announce: the label of the button, and the field that it belongs to. */
  name: string;
  onClick: () => void;
}

const SideButton = forwardRef<HTMLButtonElement, SideButtonProps>(({ label, name, onClick }, ref) => (
  <Button ref={ref} type="button" variant="tertiary" size="L" aria-label={name} onClick={onClick}>
    {label}
  </Button>
));
SideButton.displayName = 'SideButton';
