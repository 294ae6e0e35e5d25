import { Grid } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { Column } from '../fields/Column';
import { SecretField } from '../fields/SecretField';
import { TextField } from '../fields/TextField';
import { Section } from '../../../components/Section';

export function CredentialsSection() {
  const t = useTranslate();
  return (
    <Section title={t('credentials.title')} subtitle={t('credentials.subtitle')}>
      <Grid.Root gap={5}>
        <Column>
          <TextField name="accessKeyId" hint={t('field.accessKeyId.hint')} />
        </Column>
        <Column>
          <SecretField />
        </Column>
      </Grid.Root>
    </Section>
  );
}
