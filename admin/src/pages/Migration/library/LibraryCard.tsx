import { useState } from 'react';

import { Button, Flex, Typography } from '@strapi/design-system';

import type { StatusAnswer } from '../../../../../server/src/contracts/api';
import type { RunEntry } from '../../../../../server/src/contracts/jobs';
import { Section } from '../../../components/Section';
import { useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';
import { segmentsOf } from '../../../utils/library';
import type { Measure } from '../../../utils/library';
import { Bar } from './Bar';
import { Legend } from './Legend';

const MEASURES: readonly Measure[] = ['bytes', 'count'];

interface Props {
  objects: StatusAnswer['objects'];
  /** The dry run that has counted what is not known yet. */
  counted: RunEntry | null;
}

/** Where the files of the library are, as one bar with its numbers. */
export function LibraryCard({ objects, counted }: Props) {
  const t = useTranslate();
  const sizeOf = useSize();
  const [measure, setMeasure] = useState<Measure>('bytes');
  const segments = segmentsOf(objects, measure);
  const empty = segments.every(({ count }) => count === 0);
  const choice = (
    <Flex gap={2} role="group" aria-label={t('library.measure')}>
      {MEASURES.map((one) => (
        <Button key={one} size="S" variant={one === measure ? 'secondary' : 'tertiary'} aria-pressed={one === measure} onClick={() => setMeasure(one)}>
          {t(`library.by.${one}`)}
        </Button>
      ))}
    </Flex>
  );
  return (
    <Section title={t('library.title')} aside={!empty && choice}>
      {empty ? (
        <Typography textColor="neutral600" tag="p">
          {counted && counted.total > 0 ? t('library.counted', { count: counted.total, size: sizeOf(counted.bytesTotal) }) : t('library.empty')}
        </Typography>
      ) : (
        <>
          <Bar segments={segments} />
          <Legend segments={segments} />
        </>
      )}
    </Section>
  );
}
