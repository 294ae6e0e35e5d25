import { useState } from 'react';

import { Button, Flex, Typography } from '@strapi/design-system';

import type { StatusAnswer } from '../../../../../server/src/contracts/api';
import type { RunEntry } from '../../../../../server/src/contracts/jobs';
import { Section } from '../../../components/Section';
import { useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';
import { segmentsOf, stuckOf } from '../../../utils/library';
import type { Measure } from '../../../utils/library';
import { Bar } from './Bar';
import { Legend } from './Legend';

const MEASURES: readonly Measure[] = ['bytes', 'count'];

interface Props {
  objects: StatusAnswer['objects'];
  /** Null: not counted. */
  library: StatusAnswer['library'];
  /** The dry run that has counted what is not known yet. */
  counted: RunEntry | null;
}

/** Where the files of the library are, as one bar with its numbers. */
export function LibraryCard({ objects, library, counted }: Props) {
  const t = useTranslate();
  const sizeOf = useSize();
  const [measure, setMeasure] = useState<Measure>('bytes');
  const segments = segmentsOf(objects, measure);
  const empty = segments.every(({ count }) => count === 0);
  const stuck = stuckOf(objects);
  const untaken = library?.untaken ?? 0;
  const isCounted = empty && counted !== null && counted.total > 0;
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
      {!empty && (
        <>
          <Bar segments={segments} />
          <Legend segments={segments} />
        </>
      )}
      {stuck.count > 0 && (
        <Typography textColor="danger700" tag="p">
          {t('library.stuck', { count: stuck.count, size: sizeOf(stuck.bytes) })}
        </Typography>
      )}
      {isCounted && (
        <Typography textColor="neutral600" tag="p">
          {t('library.counted', { count: counted.total, size: sizeOf(counted.bytesTotal) })}
        </Typography>
      )}
      {!isCounted && untaken > 0 && (
        <Typography textColor="neutral600" tag="p">
          {t('library.untaken', { count: untaken })}
        </Typography>
      )}
      {empty && !isCounted && untaken === 0 && (
        <Typography textColor="neutral600" tag="p">
          {t(library?.items === 0 ? 'library.nothing' : 'library.empty')}
        </Typography>
      )}
    </Section>
  );
}
