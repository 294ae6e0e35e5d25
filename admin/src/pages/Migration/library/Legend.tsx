import { Box, Flex, Typography } from '@strapi/design-system';

import { Numbers } from '../../../components/Numbers';
import { useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';
import type { Place, Segment } from '../../../utils/library';
import { PLACE_COLORS } from './colors';

/** Shown even when there is nothing in it: the way of a file is read from left to right. */
const ALWAYS: readonly Place[] = ['local', 'both', 'remote'];

export function Legend({ segments }: { segments: readonly Segment[] }) {
  const t = useTranslate();
  const sizeOf = useSize();
  return (
    <Flex tag="ul" gap={4} wrap="wrap" aria-label={t('library.legend')}>
      {segments
        .filter(({ place, count }) => count > 0 || ALWAYS.includes(place))
        .map(({ place, count, bytes }) => (
          <Flex key={place} tag="li" gap={2} alignItems="flex-start">
            <Box background={PLACE_COLORS[place]} width="1.2rem" height="1.2rem" hasRadius marginTop={1} />
            <Flex direction="column" alignItems="flex-start">
              <Typography fontWeight="semiBold" textColor="neutral800">
                {t(`place.${place}`)}
              </Typography>
              <Numbers>{t('files', { count, size: sizeOf(bytes) })}</Numbers>
            </Flex>
          </Flex>
        ))}
    </Flex>
  );
}
