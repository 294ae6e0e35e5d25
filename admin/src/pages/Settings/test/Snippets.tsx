import type { ReactNode } from 'react';

import { Accordion, Box, Button, Flex, Typography } from '@strapi/design-system';
import { Duplicate, Plus } from '@strapi/icons';
import { useClipboard, useNotification } from '@strapi/strapi/admin';

import type { TestAnswer } from '../../../../../server/src/contracts/api';
import { useInstallCors } from '../../../hooks/useInstallCors';
import { useTranslate } from '../../../hooks/useTranslate';
import { snippetTitleKey } from '../../../utils/snippets';

type Snippet = TestAnswer['snippets'][number];

interface Props {
  snippets: Snippet[];
  /** Whether the tested bucket is the one in use, so that the panel may offer to add the CORS rule to it. */
  inUse: boolean;
}

/** Texts to paste into the provider's console, folded: most people need them once, if ever. */
export function Snippets({ snippets, inUse }: Props) {
  const t = useTranslate();
  return (
    <Accordion.Root size="S" collapsible>
      {snippets.map((snippet) => {
        const titleKey = snippetTitleKey(snippet.title);
        const title = titleKey ? t(titleKey) : snippet.title;
        return (
          <Accordion.Item key={snippet.title} value={snippet.title}>
            <Accordion.Header>
              <Accordion.Trigger>{title}</Accordion.Trigger>
            </Accordion.Header>
            <Accordion.Content>
              <SnippetText title={title} text={snippet.text} action={inUse && titleKey === 'snippet.title.cors' ? <InstallCors /> : null} />
            </Accordion.Content>
          </Accordion.Item>
        );
      })}
    </Accordion.Root>
  );
}

function InstallCors() {
  const t = useTranslate();
  const { install, busy } = useInstallCors();
  return (
    <Button type="button" variant="secondary" size="S" startIcon={<Plus />} loading={busy} onClick={() => void install()}>
      {t('snippet.cors.install')}
    </Button>
  );
}

function SnippetText({ title, text, action }: { title: string; text: string; action: ReactNode }) {
  const t = useTranslate();
  const { copy } = useClipboard();
  const { toggleNotification } = useNotification();
  const copyText = async () => {
    const done = await copy(text);
    toggleNotification({ type: done ? 'success' : 'warning', message: t(done ? 'snippet.copied' : 'snippet.not-copied', { title }) });
  };
  return (
    <Flex direction="column" alignItems="stretch" gap={2} padding={4}>
      {/* Scrolls sideways, so the keyboard must be able to reach it. */}
      <Box
        tag="pre"
        tabIndex={0}
        role="region"
        aria-label={title}
        background="neutral100"
        hasRadius
        padding={4}
        overflow="auto"
        maxHeight="40rem"
      >
        <Typography tag="code" variant="pi" textColor="neutral800" style={{ fontFamily: 'monospace', whiteSpace: 'pre' }}>
          {text}
        </Typography>
      </Box>
      <Flex gap={2} wrap="wrap">
        <Button
          type="button"
          variant="tertiary"
          size="S"
          startIcon={<Duplicate />}
          aria-label={t('snippet.copy.of', { title })}
          onClick={() => void copyText()}
        >
          {t('snippet.copy')}
        </Button>
        {action}
      </Flex>
    </Flex>
  );
}
