import { useState } from 'react';

import { Accordion, Box, Grid } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { ADVANCED, NUMBERS } from '../../../utils/fields';
import { useForm } from '../context';
import { Column } from '../fields/Column';
import { FlagField } from '../fields/FlagField';
import { NumberField } from '../fields/NumberField';
import { OutageField } from '../fields/OutageField';
import { TextField } from '../fields/TextField';

const ITEM = 'advanced';

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
                {NUMBERS.map((name) => (
                  <Column key={name}>
                    <NumberField name={name} />
                  </Column>
                ))}
                <Column>
                  <TextField
                    name="cacheControl"
                    hint={t('field.cacheControl.hint')}
                    placeholder="public, max-age=31536000, immutable"
                  />
                </Column>
                <Column>
                  <OutageField />
                </Column>
                <Column>
                  <FlagField name="forcePathStyle" />
                </Column>
              </Grid.Root>
            </Box>
          </Accordion.Content>
        </Accordion.Item>
      </Accordion.Root>
    </Box>
  );
}
