import { Flex, IconButton } from '@strapi/design-system';
import { ChevronLeft, ChevronRight } from '@strapi/icons';

import { useTranslate } from '../hooks/useTranslate';
import { Numbers } from './Numbers';

interface Props {
  page: number;
  pageSize: number;
  total: number;
  onTurn: (page: number) => void;
}

/** Not there while one page holds everything. */
export function Pager({ page, pageSize, total, onTurn }: Props) {
  const t = useTranslate();
  const pages = Math.ceil(total / pageSize);
  if (pages < 2) return null;
  return (
    <Flex tag="nav" gap={3} justifyContent="flex-end" aria-label={t('pager.label')}>
      <IconButton label={t('pager.previous')} disabled={page <= 1} onClick={() => onTurn(page - 1)}>
        <ChevronLeft />
      </IconButton>
      <Numbers>{t('pager.position', { page, pages })}</Numbers>
      <IconButton label={t('pager.next')} disabled={page >= pages} onClick={() => onTurn(page + 1)}>
        <ChevronRight />
      </IconButton>
    </Flex>
  );
}
