import type { ReactNode } from 'react';

import { Typography } from '@strapi/design-system';

interface Props {
  children: ReactNode;
  strong?: boolean;
}

/** Numbers that change while they are looked at: all digits are equally wide, so that nothing moves. */
export function Numbers({ children, strong = false }: Props) {
  return (
    <Typography
      tag="span"
      fontWeight={strong ? 'semiBold' : undefined}
      textColor={strong ? 'neutral800' : 'neutral600'}
      style={{ fontVariantNumeric: 'tabular-nums' }}
    >
      {children}
    </Typography>
  );
}
