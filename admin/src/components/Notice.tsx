import type { ReactNode } from 'react';

import { Box, Flex, Typography } from '@strapi/design-system';
import { WarningCircle } from '@strapi/icons';

import { TINTS } from '../utils/tints';

/** Something that asks for an administrator, within the status card. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box background={TINTS.warning.backgroundColor} borderColor="warning200" hasRadius padding={4} marginTop={2}>
      <Flex gap={3} alignItems="flex-start">
        <WarningCircle aria-hidden fill="warning600" width="1.6rem" height="1.6rem" style={{ flexShrink: 0, marginTop: 2 }} />
        <Flex direction="column" alignItems="stretch" gap={2} minWidth={0}>
          <Typography fontWeight="semiBold" textColor={TINTS.warning.textColor} tag="p">
            {title}
          </Typography>
          {children}
        </Flex>
      </Flex>
    </Box>
  );
}
