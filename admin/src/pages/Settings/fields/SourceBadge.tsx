import { Badge, VisuallyHidden } from '@strapi/design-system';

import type { SettingSource } from '../../../../../server/src/contracts/settings';
import { useTranslate } from '../../../hooks/useTranslate';
import type { ErrorPath } from '../../../utils/fields';
import type { FormState } from '../../../utils/formState';
import { isChanged, isReset } from '../../../utils/patch';
import { TINTS } from '../../../utils/tints';
import { useForm } from '../context';

const LOOK = {
  database: 'primary',
  config: 'alternative',
  environment: 'secondary',
  default: 'neutral',
} as const satisfies Record<SettingSource, keyof typeof TINTS>;

function pendingOf(state: FormState, path: ErrorPath): 'changed' | 'reset' | null {
  if (path === 'secretAccessKey') {
    if (state.secret.kind === 'remove') return 'reset';
    return state.secret.kind === 'replace' && state.secret.value !== '' ? 'changed' : null;
  }
  if (isReset(state, path)) return 'reset';
  return isChanged(state, path) ? 'changed' : null;
}

/** Which source the value on the screen comes from, or that it is not saved yet. */
export function SourceBadge({ path }: { path: ErrorPath }) {
  const t = useTranslate();
  const { state, sources } = useForm();
  const pending = pendingOf(state, path);
  return (
    <Badge size="S" {...TINTS[pending ? 'warning' : LOOK[sources[path]]]}>
      <VisuallyHidden>{t('source.prefix')}</VisuallyHidden>
      {pending ? t(`source.${pending}`) : t(`source.${sources[path]}`)}
    </Badge>
  );
}
