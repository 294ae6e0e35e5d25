import { useId, useState } from 'react';

import { Badge, Box, Button, Flex, Typography } from '@strapi/design-system';

import type { Finding } from '../../../../../server/src/contracts/jobs';
import { Name } from '../../../components/Name';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { TINTS } from '../../../utils/tints';

/** The files themselves, unfolded when somebody wants to see them. */
export function AuditFindings({ findings }: { findings: readonly Finding[] }) {
  const t = useTranslate();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <Flex>
        <Button type="button" variant="tertiary" size="S" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {t(open ? 'stranded.hide' : 'stranded.show')}
        </Button>
      </Flex>
      <div id={id}>
        {open && (
          <Flex tag="ul" direction="column" alignItems="stretch" gap={3} aria-label={t('audit.findings')}>
            {findings.map((finding, index) => (
              <FindingItem key={`${finding.kind} ${finding.key ?? finding.name ?? index}`} finding={finding} />
            ))}
          </Flex>
        )}
      </div>
    </>
  );
}

function FindingItem({ finding: { kind, key, name, reason, applied } }: { finding: Finding }) {
  const t = useTranslate();
  const errorTexts = useErrorTexts();
  const why = reason && errorTexts(reason.code, reason);
  return (
    <Box tag="li">
      <Flex gap={2} wrap="wrap">
        <Typography textColor="neutral800" style={{ overflowWrap: 'anywhere' }}>
          <Name>{key ?? name ?? '–'}</Name>
        </Typography>
        <Badge size="S" {...TINTS.neutral}>
          {t(`finding.${kind}`)}
        </Badge>
        {applied && (
          <Badge size="S" {...TINTS.success}>
            {t('audit.applied')}
          </Badge>
        )}
      </Flex>
      {why && (
        <Typography variant="pi" textColor="neutral600" tag="p">
          {[why.message, why.hint].filter(Boolean).join(' ')}
        </Typography>
      )}
    </Box>
  );
}
