import type { ReactNode } from 'react';

import { Grid } from '@strapi/design-system';

/** Half the width, or all of it where there is little. */
export function Column({ children }: { children: ReactNode }) {
  return (
    <Grid.Item col={6} s={12} xs={12} direction="column" alignItems="stretch">
      {children}
    </Grid.Item>
  );
}
