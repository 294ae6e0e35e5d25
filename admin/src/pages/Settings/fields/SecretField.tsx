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
  const edit = (next: typeof secret) => dispatch({ type: 'secret', edit: next });
  const remove = editable && sources.secretAccessKey === 'database' && (
    <SideButton label={t('secret.remove')} onClick={() => edit({ kind: 'remove' })} />
  );

  if (secret.kind === 'remove') {
    return (
      <Frame path="secretAccessKey" hint={t('secret.removed')}>
        <Flex gap={2} alignItems="stretch">
          <Flex flex="1" direction="column" alignItems="stretch">
            <TextInput value="" placeholder={t('reset.pending')} disabled />
          </Flex>
          {editable && <SideButton label={t('reset.undo')} onClick={() => edit({ kind: 'keep' })} />}
        </Flex>
      </Frame>
    );
  }

  if (secretSet && secret.kind === 'keep') {
    return (
      <Frame path="secretAccessKey" hint={t('secret.stored')}>
        <Flex gap={2} alignItems="stretch">
          <Flex flex="1" direction="column" alignItems="stretch">
            <TextInput value={MASK} readOnly disabled={!editable} autoComplete="off" />
          </Flex>
          {editable && <SideButton label={t('secret.replace')} onClick={() => edit({ kind: 'replace', value: '' })} />}
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
            type="password"
            value={secret.kind === 'replace' ? secret.value : ''}
            disabled={!editable}
            // Keeps browsers from filling in the administrator's own password.
            autoComplete="new-password"
            autoFocus={secretSet}
            onChange={({ target: { value } }) => edit(secretSet || value ? { kind: 'replace', value } : { kind: 'keep' })}
            onBlur={() => dispatch({ type: 'visited', path: 'secretAccessKey' })}
          />
        </Flex>
        {editable && secretSet && <SideButton label={t('secret.keep')} onClick={() => edit({ kind: 'keep' })} />}
        {!secretSet && remove}
      </Flex>
    </Frame>
  );
}

function SideButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button type="button" variant="tertiary" size="L" onClick={onClick}>
      {label}
    </Button>
  );
}
