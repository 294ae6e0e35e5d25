import { Box, Button, Flex, Typography } from '@strapi/design-system';
import { Play } from '@strapi/icons';

import type { TestRun } from '../../../hooks/useConnectionTest';
import { useTranslate } from '../../../hooks/useTranslate';
import { wasReadOnly } from '../../../utils/steps';
import { Section } from '../../../components/Section';
import { Snippets } from './Snippets';
import { Finding, Steps } from './Steps';

interface Props {
  run: TestRun;
  revision: number;
  /** Whether the form shows the settings in force, and this server may write to their bucket. */
  inUse: boolean;
  onStart: () => void;
}

export function TestSection({ run, revision, inUse, onStart }: Props) {
  const t = useTranslate();
  const stale = run.state === 'done' && run.revision !== revision;
  return (
    <Section title={t('test.title')} subtitle={t('test.subtitle')}>
      <Flex gap={4} wrap="wrap">
        <Button
          type="button"
          variant="secondary"
          size="M"
          startIcon={<Play />}
          loading={run.state === 'running'}
          onClick={onStart}
        >
          {t('test.action')}
        </Button>
        {/* There from the start: a live region that appears together with its words is not read out. */}
        <Box role="status">
          <Summary run={run} />
          {stale && (
            <Typography textColor="neutral800" tag="p">
              {t('test.stale')}
            </Typography>
          )}
        </Box>
      </Flex>
      {run.state === 'done' && <Steps answer={run.answer} />}
      {run.state === 'done' && run.answer.notes?.map((note) => <Finding key={note.code} step={note} />)}
      {run.state === 'done' && run.answer.snippets.length > 0 && <Snippets snippets={run.answer.snippets} inUse={inUse && !stale} />}
    </Section>
  );
}

function Summary({ run }: { run: TestRun }) {
  const t = useTranslate();
  if (run.state === 'none') return null;
  if (run.state === 'running') return <Typography tag="p">{t('test.running')}</Typography>;
  const { answer } = run;
  const failed = answer.steps.find((step) => !step.ok);
  return (
    <Typography fontWeight="bold" textColor={answer.ok ? 'success600' : 'danger600'} tag="p">
      {answer.ok
        ? t(wasReadOnly(answer) ? 'test.passed.read-only' : 'test.passed')
        : t('test.failed', { step: failed ? t(`step.${failed.name}`) : '' })}
    </Typography>
  );
}
