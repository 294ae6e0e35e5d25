import type { ReactNode } from 'react';

import { Box, Td } from '@strapi/design-system';

/** A cell whose words may take several lines, from the top, in a column that is never narrower than `min`. */
export function Cell({ children, min }: { children: ReactNode; min?: string }) {
  return (
    <Td style={{ verticalAlign: 'top', whiteSpace: 'normal' }}>
      <Box minWidth={min} paddingTop={3} paddingBottom={3} style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>
        {children}
      </Box>
    </Td>
  );
}
