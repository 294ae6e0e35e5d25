import { Grid, Link } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { inSection } from '../../../utils/fields';
import { endpointPlaceholder, presetOf } from '../../../utils/presets';
import { useForm } from '../context';
import { Column } from '../fields/Column';
import { ProviderField } from '../fields/ProviderField';
import { SettingField } from '../fields/SettingField';
import { TextField } from '../fields/TextField';
import { Section } from '../../../components/Section';

const STORAGE = inSection('storage');

export function StorageSection() {
  const t = useTranslate();
  const { state } = useForm();
  const preset = presetOf(state.values.provider);
  const docs = preset.docs && (
    <>
      {' '}
      <Link href={preset.docs} isExternal>
        {t('storage.docs', { provider: t(`preset.${preset.id}.label`) })}
      </Link>
    </>
  );
  return (
    <Section
      title={t('storage.title')}
      subtitle={
        <>
          {t(`preset.${preset.id}.hint`)}
          {docs}
        </>
      }
    >
      <Grid.Root gap={5}>
        {STORAGE.map((name) => (
          <Column key={name}>
            <StorageField name={name} />
          </Column>
        ))}
      </Grid.Root>
    </Section>
  );
}

/** Region and endpoint say what the chosen provider needs of them. */
function StorageField({ name }: { name: (typeof STORAGE)[number] }) {
  const t = useTranslate();
  const { state } = useForm();
  const preset = presetOf(state.values.provider);
  switch (name) {
    case 'provider':
      return <ProviderField />;
    case 'region':
      return (
        <TextField
          name="region"
          hint={t(`preset.${preset.id}.region`)}
          placeholder={preset.region.examples[0]}
          required={preset.region.required}
        />
      );
    case 'endpoint':
      return (
        <TextField
          name="endpoint"
          type="url"
          hint={t(preset.endpointPattern === null ? 'field.endpoint.hint.amazon' : 'field.endpoint.hint')}
          placeholder={endpointPlaceholder(preset)}
          required={preset.endpointPattern !== null}
        />
      );
    default:
      return <SettingField name={name} required={name === 'bucket'} />;
  }
}
