import { Box, Checkbox, Dialog, Flex, Typography } from '@strapi/design-system';

import { Confirm } from '../../../components/Confirm';
import { useClaim } from '../../../hooks/useClaim';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { mayClaim } from '../../../utils/claim';
import { TINTS } from '../../../utils/tints';
import { ClaimFacts } from './ClaimFacts';

/** Says what a claim would do, and claims the bucket if the person confirms that. A refusal is shown where the decision is made. */
export function ClaimDialog({ onClaimed, onCancel }: { onClaimed: () => void; onCancel: () => void }) {
  const t = useTranslate();
  const { answer, failure, busy, areDeletesConfirmed, confirmDeletes, claim } = useClaim(onClaimed);
  const deletes = answer?.deletes.count ?? 0;
  return (
    <Confirm
      title={t('claim.title')}
      body={
        <Flex direction="column" alignItems="stretch" gap={4} width="100%">
          <div>
            <Dialog.Description>{t('claim.body')}</Dialog.Description>
            <Typography role="status" tag="p" textColor="neutral600">
              {busy === 'looking' && t('claim.looking')}
            </Typography>
          </div>
          {failure && <Refusal code={failure.code} message={failure.message} />}
          {answer && !answer.reason && <Refusal code="NOTHING_TO_CLAIM" message={null} />}
          {answer?.reason && <ClaimFacts answer={answer} />}
          {answer?.reason && deletes > 0 && (
            <Checkbox checked={areDeletesConfirmed} disabled={busy !== null} onCheckedChange={(checked) => confirmDeletes(checked === true)}>
              {t('claim.confirm-deletes', { count: deletes })}
            </Checkbox>
          )}
        </Flex>
      }
      action={t('claim.action')}
      danger={deletes > 0}
      disabled={!mayClaim(answer, areDeletesConfirmed)}
      loading={busy === 'claiming'}
      onConfirm={() => void claim()}
      onCancel={onCancel}
    />
  );
}

function Refusal({ code, message }: { code: string | null; message: string | null }) {
  const errorTexts = useErrorTexts();
  const texts = errorTexts(code, { message });
  return (
    <Box role="alert" background={TINTS.danger.backgroundColor} hasRadius padding={4}>
      <Typography textColor={TINTS.danger.textColor} fontWeight="semiBold" tag="p">
        {texts.message}
      </Typography>
      {texts.hint && (
        <Typography textColor={TINTS.danger.textColor} tag="p">
          {texts.hint}
        </Typography>
      )}
    </Box>
  );
}
