import { useId } from 'react';
import type { ReactNode } from 'react';

import { Box, Flex, Typography } from '@strapi/design-system';

interface Props {
  title: string;
  subtitle?: ReactNode;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A content box with a heading, as on Strapi's own settings pages. */
export function Section({ title, subtitle, aside, children }: Props) {
  const id = useId();
  return (
    <Box tag="section" aria-labelledby={id} background="neutral0" hasRadius shadow="filterShadow" padding={6} style={{ flexGrow: 1 }}>
      <Flex direction="column" alignItems="stretch" gap={4}>
        <Flex direction="column" alignItems="stretch" gap={1}>
          <Flex justifyContent="space-between" alignItems="flex-start" gap={3} wrap="wrap">
            <Typography id={id} variant="delta" tag="h2">
              {title}
            </Typography>
            {aside}
          </Flex>
          {subtitle && (
            <Typography variant="pi" textColor="neutral600" tag="p">
              {subtitle}
            </Typography>
          )}
        </Flex>
        {children}
      </Flex>
    </Box>
  );
}
