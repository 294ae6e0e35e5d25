import { Flex, Grid, Typography } from '@strapi/design-system';
import { Layouts, Page } from '@strapi/strapi/admin';

import type { Migration } from '../../hooks/useMigration';
import { useTranslate } from '../../hooks/useTranslate';
import { freshDryRun, isActive, isOffered, isShown } from '../../utils/jobs';
import type { Announcement } from '../../utils/jobs';
import { StatusCard } from '../Settings/status/StatusCard';
import { AuditSection } from './audit/AuditSection';
import { useRights } from './context';
import { FailuresSection } from './failures/FailuresSection';
import { JobCard } from './jobs/JobCard';
import { LeaveAction } from './leave/LeaveAction';
import { WayOut } from './leave/WayOut';
import { LibraryCard } from './library/LibraryCard';
import { News } from './News';

interface Props {
  migration: Migration;
  /** The last answer did not come. */
  stale: boolean;
  news: readonly Announcement[];
}

export function MigrationPage({ migration: { jobs, status, settings }, stale, news }: Props) {
  const t = useTranslate();
  const { mayRun, mayUpdate, refresh } = useRights();
  const answer = settings ?? (status && { mode: status.mode, reason: status.reason, settings: { onOutage: null } });
  const shown = jobs.filter(isOffered).filter(isShown);
  const upload = jobs.find(({ name }) => name === 'upload');
  const restore = jobs.find(({ name }) => name === 'restore');
  const audit = jobs.find(({ name }) => name === 'audit');
  const moved = jobs.map(({ lastRun }) => `${lastRun?.id} ${lastRun?.failed}`).join();
  return (
    <Page.Main>
      <Page.Title>{t('migration.title')}</Page.Title>
      <Layouts.Header
        title={t('migration.title')}
        subtitle={t('migration.subtitle')}
        primaryAction={mayUpdate && settings ? <LeaveAction settings={settings} /> : undefined}
      />
      <Layouts.Content>
        <Flex direction="column" alignItems="stretch" gap={6}>
          {stale && (
            <Typography role="alert" textColor="danger700" tag="p">
              {t('migration.stale')}
            </Typography>
          )}
          {answer && <StatusCard answer={answer} status={status} mayUpdate brief onClaimed={() => void refresh()} />}
          {!mayRun && (
            <Typography textColor="neutral600" tag="p">
              {t('migration.view-only')}
            </Typography>
          )}
          {settings?.settings.leaving && restore && <WayOut restore={restore} nowhere={status ? status.objects.missing.count + status.objects.lost.count : 0} />}
          {status && <LibraryCard objects={status.objects} library={status.library} counted={upload ? freshDryRun(upload) : null} />}
          <Grid.Root gap={6}>
            {shown.map((job) => (
              <Grid.Item key={job.name} col={6} s={12} xs={12} direction="column" alignItems="stretch">
                <JobCard job={job} maxId={settings?.settings.migrationMaxId} />
              </Grid.Item>
            ))}
          </Grid.Root>
          <FailuresSection stamp={`${status?.objects.failed.count} ${moved}`} />
          {audit?.lastRun && <AuditSection run={audit.lastRun} active={isActive(audit)} jobs={jobs} />}
        </Flex>
      </Layouts.Content>
      <News news={news} />
    </Page.Main>
  );
}
