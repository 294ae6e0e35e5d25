import { type ComponentProps, useState } from 'react';

import { Accordion, Box, Grid } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { useForm } from '../context';
import { Column } from '../fields/Column';
import { SettingField } from '../fields/SettingField';

interface Props {
  section: 'delivery' | 'advanced';
  /** The fields to show, in their order. */
  fields: readonly ComponentProps<typeof SettingField>['name'][];
}

/** A section that most people never open. */
export function FoldedSection({ section, fields }: Props) {
  const t = useTranslate();
  const { errorAt } = useForm();
  const [open, setOpen] = useState(false);
  // A refused field must be seen, folded or not.
  const forced = fields.some((name) => errorAt(name) !== undefined);

  return (
    <Box hasRadius shadow="filterShadow" overflow="hidden">
      <Accordion.Root
        size="M"
        collapsible
        value={open || forced ? section : ''}
        onValueChange={(value) => setOpen(value === section)}
      >
        <Accordion.Item value={section}>
          <Accordion.Header>
            <Accordion.Trigger description={t(`${section}.subtitle`)}>{t(`${section}.title`)}</Accordion.Trigger>
          </Accordion.Header>
          <Accordion.Content>
            <Box padding={6}>
              <Grid.Root gap={5}>
                {fields.map((name) => (
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
