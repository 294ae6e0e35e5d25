import { Box, Flex } from '@strapi/design-system';
import { useIntl } from 'react-intl';

import { useTranslate } from '../../../hooks/useTranslate';
import type { Segment } from '../../../utils/library';
import { PLACE_COLORS } from './colors';

/** In words it is the legend's, so for those who do not see it the shares are enough. */
export function Bar({ segments }: { segments: readonly Segment[] }) {
  const t = useTranslate();
  const { formatNumber } = useIntl();
  const filled = segments.filter(({ count }) => count > 0);
  const percent = (share: number) => formatNumber(share, { style: 'percent', maximumFractionDigits: 1 });
  const words = filled.map(({ place, share }) => t('library.share', { place: t(`place.${place}`), share: percent(share) }));
  return (
    <Flex role="img" aria-label={words.join(', ')} height="2.4rem" gap="2px" hasRadius overflow="hidden">
      {filled.map(({ place, share }) => (
        <Box
          key={place}
          background={PLACE_COLORS[place]}
          height="100%"
          // grows by its share, and is seen however small that is
          style={{ flex: `${share} 1 0`, minWidth: 4, transition: 'flex-grow 300ms' }}
        />
      ))}
    </Flex>
  );
}
