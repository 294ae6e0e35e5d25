import { Box, Flex, Link, Status, Typography } from '@strapi/design-system';
import { NavLink } from 'react-router-dom';

import type { StatusAnswer } from '../../../../../server/src/contracts/api';
import { isClaimable } from '../../../../../server/src/contracts/errors';
import { useTranslate } from '../../../hooks/useTranslate';
import { PLUGIN_ID } from '../../../pluginId';
import { diskRisk } from '../../../utils/disk';
import { outageKind, situationOf } from '../../../utils/situation';
import type { Finding, Situation } from '../../../utils/situation';
import { TINTS } from '../../../utils/tints';
import { ClaimNotice } from './ClaimNotice';
import { DiskNotice } from './DiskNotice';
import { FolderNotice } from './FolderNotice';
import { ObjectCounts } from './ObjectCounts';
import { StrandedNotice } from './StrandedNotice';
import { TwinNotice } from './TwinNotice';
import { useSituationText } from './useSituationText';

const VARIANTS = {
  'read-write': 'success',
  partly: 'primary',
  'catching-up': 'primary',
  unproven: 'danger',
  away: 'danger',
  'read-only': 'warning',
  'cut-off': 'danger',
  off: 'neutral',
} as const satisfies Record<Situation['kind'], string>;

interface Props {
  answer: Parameters<typeof situationOf>[0];
  status: StatusAnswer | null;
  /** It is the last one that could be had. */
  stale?: boolean;
  /** The failure of the last test of the settings in force; null if it passed, or if there was none. */
  finding?: Finding | null;
  mayUpdate: boolean;
  /** Without the numbers, where the page itself has them. */
  brief?: boolean;
  /** Called after this server has claimed the bucket. */
  onClaimed: () => void;
}

/** Where something of the library is still to be moved, the page that moves it is one step away. */
const MOVES: readonly Situation['kind'][] = ['partly', 'catching-up'];

/** Shows what the plugin does with files at this moment, and why. */
export function StatusCard({ answer, status, stale = false, finding = null, mayUpdate, brief = false, onClaimed }: Props) {
  const t = useTranslate();
  const situation = situationOf(answer, status, finding);
  const badge = situation.kind === 'away' ? outageKind(situation.outage) : situation.kind;
  const isToMove = MOVES.includes(situation.kind) && status !== null && (status.library?.untaken !== 0 || status.objects.local.count > 0);
  const reason = situation.kind === 'read-only' && situation.reason ? situation.reason.code : null;
  const { title, lines } = useSituationText(situation);
  const risk = status && diskRisk(answer.settings.onOutage ?? 'local', status);
  return (
    <Box tag="section" aria-label={t('status.label')} background="neutral0" hasRadius shadow="filterShadow" padding={6}>
      <Flex direction="column" alignItems="stretch" gap={2}>
        {/* Only the words of the state are announced: the numbers below change with every look. */}
        <Flex gap={3} role="status" wrap="wrap">
          <Status variant={VARIANTS[situation.kind]} size="S">
            <Typography fontWeight="bold" tag="span" textColor={TINTS[VARIANTS[situation.kind]].textColor}>
              {t(`status.${badge}.badge`)}
            </Typography>
          </Status>
          <Typography variant="omega" fontWeight="semiBold" tag="span">
            {title}
          </Typography>
        </Flex>
        {lines.map((line) => (
          <Typography key={line} textColor="neutral600" tag="p">
            {line}
          </Typography>
        ))}
        {isClaimable(reason) && <ClaimNotice code={reason} onClaimed={onClaimed} />}
        {isToMove && !brief && (
          <div>
            <Link tag={NavLink} to={`/settings/${PLUGIN_ID}-migration`}>
              {t('status.rest.link')}
            </Link>
          </div>
        )}
        {status && stale && (
          <Typography textColor="warning600" tag="p">
            {t('status.stale')}
          </Typography>
        )}
        {status && !brief && <ObjectCounts objects={status.objects} memory={status.node.memory} />}
        {status && status.stranded.count > 0 && <StrandedNotice stranded={status.stranded} />}
        {status?.node.disk && <FolderNotice trouble={status.node.disk} />}
        {status?.node.twin && <TwinNotice />}
        {risk && <DiskNotice kind={risk} />}
        {!mayUpdate && (
          <Typography textColor="neutral600" tag="p">
            {t('status.view-only')}
          </Typography>
        )}
      </Flex>
    </Box>
  );
}
