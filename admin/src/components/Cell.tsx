import type { ReactNode } from 'react';

import { Box, Td, Th } from '@strapi/design-system';

/** The design system's own is for a checkbox in the first column. */
const SIDES = '0.8rem';

export function HeadCell({ children }: { children: ReactNode }) {
  return <Th style={{ paddingLeft: SIDES, paddingRight: SIDES }}>{children}</Th>;
}

/** A cell whose words may take several lines in a column that is never narrower than `min`; without that, it is one line. */
export function Cell({ children, min }: { children: ReactNode; min?: string }) {
  return (
    <Td style={{ verticalAlign: 'top', whiteSpace: 'normal', padding: `1.2rem ${SIDES}` }}>
      {/* not `overflow-wrap`, which Strapi sets on every paragraph */}
      <Box minWidth={min} style={min ? { wordBreak: 'break-word' } : { whiteSpace: 'nowrap' }}>
        {children}
      </Box>
    </Td>
  );
}
