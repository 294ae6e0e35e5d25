import { Box, Flex, Typography, VisuallyHidden } from '@strapi/design-system';
import { CheckCircle } from '@strapi/icons';

import type { JobAnswer } from '../../../../../server/src/contracts/jobs';
import { Section } from '../../../components/Section';
import { useTranslate } from '../../../hooks/useTranslate';
import { stepsOut } from '../../../utils/jobs';
import type { StepOut } from '../../../utils/jobs';

const MARK = '1.6rem';

/** Shows the steps that remain before the plugin can be removed, and the steps that are done. */
export function WayOut({ restore, nowhere }: { restore: JobAnswer; nowhere: number }) {
  const t = useTranslate();
  return (
    <Section title={t('way-out.title')}>
      <Flex direction="column" alignItems="stretch" gap={3} tag="ol">
        {stepsOut(restore, nowhere).map((step, index) => (
          <Step key={step} step={step} number={index + 1} left={nowhere + restore.progress.failed} />
        ))}
      </Flex>
    </Section>
  );
}

function Step({ step, number, left }: { step: StepOut; number: number; left: number }) {
  const t = useTranslate();
  const isNext = step.endsWith('-now');
  return (
    <Flex gap={3} alignItems="flex-start" tag="li">
      <Box width={MARK} style={{ flexShrink: 0, textAlign: 'center' }}>
        {step.endsWith('-done') ? (
          <>
            <CheckCircle aria-hidden fill="success600" width={MARK} height={MARK} />
            <VisuallyHidden>{t('way-out.done')}</VisuallyHidden>
          </>
        ) : (
          <Typography aria-hidden textColor={isNext ? 'primary700' : 'neutral600'} fontWeight="semiBold">
            {number}
          </Typography>
        )}
      </Box>
      <Typography textColor={isNext ? 'neutral800' : 'neutral600'} fontWeight={isNext ? 'semiBold' : undefined} tag="p">
        {t(`way-out.${step}`, { count: left })}
      </Typography>
    </Flex>
  );
}
