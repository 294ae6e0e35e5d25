import { useState } from 'react';

import { Accordion, Box, Grid } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { inSection } from '../../../utils/fields';
import { useForm } from '../context';
import { Column } from '../fields/Column';
import { SettingField } from '../fields/SettingField';

const ITEM = 'advanced';
const ADVANCED = inSection('advanced');

export function AdvancedSection() {
  const t = useTranslate();
  const { errorAt } = useForm();
  const [open, setOpen] = useState(false);
  // A refused field must be seen, folded or not.
  const forced = ADVANCED.some((name) => errorAt(name) !== undefined);

  return (
    <Box hasRadius shadow="filterShadow" overflow="hidden">
      <Accordion.Root
        size="M"
        collapsible
        value={open || forced ? ITEM : ''}
        onValueChange={(value) => setOpen(value === ITEM)}
      >
        <Accordion.Item value={ITEM}>
          <Accordion.Header>
            <Accordion.Trigger description={t('advanced.subtitle')}>{t('advanced.title')}</Accordion.Trigger>
          </Accordion.Header>
          <Accordion.Content>
            <Box padding={6}>
              <Grid.Root gap={5}>
                {ADVANCED.map((name) => (
                  <Column key={name}>
                    <SettingField name={name} />
                  </Column>
                ))}
              </Grid.Root>
            </Box>
          </Accordion.Content>
        </Accordion.Item>
      </Accordion.Root>
    </Box>
  );
}
