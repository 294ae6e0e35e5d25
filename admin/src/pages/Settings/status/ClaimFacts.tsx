import { Box, Flex, Typography } from '@strapi/design-system';

import type { ClaimAnswer } from '../../../../../server/src/contracts/api';
import { useMoment, useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';

/** Shows which bucket a claim takes, from whom, and what happens to files then. */
export function ClaimFacts({ answer: { area, owner, uploads, deletes } }: { answer: ClaimAnswer }) {
  const t = useTranslate();
  const momentOf = useMoment();
  const sizeOf = useSize();
  const facts = [
    [t('field.bucket.label'), area.bucket],
    [t('field.endpoint.label'), area.endpoint],
    [t('field.prefix.label'), area.prefix],
    [t('claim.owner'), owner.id === null ? t('claim.owner.unknown') : t('claim.owner.server', { server: owner.server ?? '', when: momentOf(owner.seenAt ?? '') })],
  ].filter(([, value]) => value);
  const effects = [
    t('claim.uploads', { count: uploads.count, size: sizeOf(uploads.bytes) }),
    t('claim.deletes', { count: deletes.count, size: sizeOf(deletes.bytes) }),
  ];
  return (
    <>
      <Flex tag="dl" aria-label={t('claim.facts')} direction="column" alignItems="stretch" gap={2} background="neutral100" hasRadius padding={4}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <Typography tag="dt" variant="pi" textColor="neutral600">
              {label}
            </Typography>
            <Typography tag="dd" textColor="neutral800" style={{ margin: 0, overflowWrap: 'anywhere' }}>
              {value}
            </Typography>
          </div>
        ))}
      </Flex>
      <Box tag="ul" aria-label={t('claim.effects')} style={{ listStyle: 'disc', paddingInlineStart: '1.6rem' }}>
        {effects.map((effect) => (
          <Typography key={effect} tag="li" textColor="neutral800">
            {effect}
          </Typography>
        ))}
      </Box>
    </>
  );
}
