import type { ReactNode } from 'react';

import { Box, Field, Flex } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import type { ErrorPath } from '../../../utils/fields';
import { useForm } from '../context';
import { ResetAction } from './ResetAction';
import { SourceBadge } from './SourceBadge';

interface Props {
  path: ErrorPath;
  hint?: string;
  required?: boolean;
  children: ReactNode;
}

/** Label, where the value comes from, the input, then its error or hint and the way back to the next source. */
export function Frame({ path, hint, required = false, children }: Props) {
  const t = useTranslate();
  const { errorAt } = useForm();
  return (
    <Field.Root id={`s3-storage-${path}`} name={path} hint={hint} error={errorAt(path)} required={required}>
      <Field.Label action={<SourceBadge path={path} />}>{t(`field.${path}.label`)}</Field.Label>
      {children}
      <Flex justifyContent="space-between" alignItems="flex-start" gap={3}>
        <Box>
          <Field.Hint />
          <Field.Error />
        </Box>
        {path !== 'secretAccessKey' && path !== 'accessKeyId' && <ResetAction name={path} />}
      </Flex>
    </Field.Root>
  );
}
