import { Box, Flex, Typography } from '@strapi/design-system';
import { CheckCircle, CrossCircle, Minus, WarningCircle } from '@strapi/icons';

import type { TestAnswer, TestStep } from '../../../../../server/src/contracts/api';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { detailOf, stepRows } from '../../../utils/steps';
import type { StepRow } from '../../../utils/steps';

const LOOK = {
  passed: { Icon: CheckCircle, color: 'success600' },
  unchecked: { Icon: WarningCircle, color: 'warning600' },
  failed: { Icon: CrossCircle, color: 'danger600' },
  'left-out': { Icon: Minus, color: 'neutral600' },
} as const;

export function Steps({ answer }: { answer: TestAnswer }) {
  const t = useTranslate();
  return (
    <Flex tag="ol" direction="column" alignItems="stretch" gap={3} aria-label={t('test.steps')}>
      {stepRows(answer).map((row) => (
        <Step key={row.name} row={row} />
      ))}
    </Flex>
  );
}

function Step({ row }: { row: StepRow }) {
  const t = useTranslate();
  const { Icon, color } = LOOK[row.state];
  return (
    <Flex tag="li" gap={3} alignItems="flex-start">
      <Box color={color} paddingTop={1}>
        <Icon fill="currentColor" aria-label={t(`test.state.${row.state}`)} role="img" />
      </Box>
      <Flex direction="column" alignItems="stretch" gap={1}>
        <Typography fontWeight="semiBold" textColor={row.state === 'left-out' ? 'neutral600' : 'neutral800'}>
          {t(`step.${row.name}`)}
          {row.state !== 'left-out' && (
            <Typography textColor="neutral600" tag="span">
              {' '}
              {t('test.ms', { ms: Math.round(row.step.ms) })}
            </Typography>
          )}
        </Typography>
        {row.state !== 'left-out' && row.step.code !== null && <Finding step={row.step} />}
      </Flex>
    </Flex>
  );
}

/** The sentence of the code in the panel's language, and the server's own where it tells more than the code does. */
export function Finding({ step }: { step: Pick<TestStep, 'code' | 'message' | 'hint'> }) {
  const errorTexts = useErrorTexts();
  if (step.code === null) return null;
  const { message, hint } = errorTexts(step.code, step);
  const detail = detailOf(step);
  return (
    <>
      <Typography tag="p">{message}</Typography>
      {hint && (
        <Typography textColor="neutral600" tag="p">
          {hint}
        </Typography>
      )}
      {detail && detail !== message && (
        <Typography variant="pi" textColor="neutral600" tag="p">
          {detail}
        </Typography>
      )}
    </>
  );
}
