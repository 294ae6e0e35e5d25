import { Grid, Link } from '@strapi/design-system';

import { usePresetLabel } from '../../../hooks/usePresetLabel';
import { useTranslate } from '../../../hooks/useTranslate';
import { endpointPlaceholder, presetOf } from '../../../utils/presets';
import { useForm } from '../context';
import { Column } from '../fields/Column';
import { FlagField } from '../fields/FlagField';
import { ProviderField } from '../fields/ProviderField';
import { TextField } from '../fields/TextField';
import { Section } from '../../../components/Section';

export function StorageSection() {
  const t = useTranslate();
  const labelOf = usePresetLabel();
  const { state } = useForm();
  const preset = presetOf(state.values.provider);
  const docs = preset.docs && (
    <>
      {' '}
      <Link href={preset.docs} isExternal>
        {t('storage.docs', { provider: labelOf(preset) })}
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
        <Column>
          <ProviderField />
        </Column>
        <Column>
          <TextField name="bucket" hint={t('field.bucket.hint')} placeholder="my-media" required />
        </Column>
        <Column>
          <TextField
            name="region"
            hint={t(`preset.${preset.id}.region`)}
            placeholder={preset.region.examples[0]}
            required={preset.region.required}
          />
        </Column>
        <Column>
          <TextField
            name="endpoint"
            type="url"
            hint={t(preset.endpointPattern === null ? 'field.endpoint.hint.amazon' : 'field.endpoint.hint')}
            placeholder={endpointPlaceholder(preset)}
            required={preset.endpointPattern !== null}
          />
        </Column>
        <Column>
          <TextField name="prefix" hint={t('field.prefix.hint')} placeholder="uploads/" />
        </Column>
        <Column>
          <FlagField name="productionOnly" />
        </Column>
      </Grid.Root>
    </Section>
  );
}
