import { useCallback, useMemo, useState } from 'react';
import type { FormEvent } from 'react';

import { Button, Flex } from '@strapi/design-system';
import { Check } from '@strapi/icons';
import { Layouts, Page, useNotification } from '@strapi/strapi/admin';

import type { SettingsAnswer } from '../../../../server/src/contracts/settings';
import { readFailure } from '../../api/failure';
import type { Failure } from '../../api/failure';
import { useApi } from '../../hooks/useApi';
import { useConnectionTest } from '../../hooks/useConnectionTest';
import { useFailureNotice } from '../../hooks/useFailureNotice';
import { useFocusFirstError } from '../../hooks/useFocusFirstError';
import { useSettingsForm } from '../../hooks/useSettingsForm';
import { useStatus } from '../../hooks/useStatus';
import { useTranslate } from '../../hooks/useTranslate';
import { isDirty, toPatch } from '../../utils/patch';
import { touchesConnection, validate } from '../../utils/validate';
import { FormProvider } from './context';
import { LeaveDialog } from './LeaveDialog';
import { AdvancedSection } from './sections/AdvancedSection';
import { CredentialsSection } from './sections/CredentialsSection';
import { StorageSection } from './sections/StorageSection';
import { StatusCard } from './status/StatusCard';
import { TestSection } from './test/TestSection';

interface Props {
  answer: SettingsAnswer;
  mayUpdate: boolean;
  onSaved: (answer: SettingsAnswer) => void;
}

export function SettingsPage({ answer, mayUpdate, onSaved }: Props) {
  const t = useTranslate();
  const api = useApi();
  const { toggleNotification } = useNotification();
  const tellFailure = useFailureNotice();
  const { form, focusFirstError } = useFocusFirstError();
  const { state, dispatch, errorAt, refuse } = useSettingsForm(answer);
  const { status, stale, refresh } = useStatus();
  const [saving, setSaving] = useState(false);

  const takeRefusal = useCallback(
    (failure: Failure) => {
      if (refuse(failure)) focusFirstError();
      tellFailure(failure);
    },
    [focusFirstError, refuse, tellFailure],
  );
  const test = useConnectionTest(takeRefusal);

  /** Shows what is wrong, if anything; the request is only worth sending when nothing is. */
  const passes = (aim: 'save' | 'test') => {
    dispatch({ type: 'attempted', aim });
    const found = validate(state, answer.sources, aim === 'test' || touchesConnection(state));
    if (Object.keys(found).length === 0) return true;
    focusFirstError();
    return false;
  };

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!mayUpdate || saving || !isDirty(state) || !passes('save')) return;
    setSaving(true);
    try {
      const saved = await api.saveSettings(toPatch(state));
      dispatch({ type: 'loaded', settings: saved.settings });
      onSaved(saved);
      toggleNotification({ type: 'success', message: t('save.done') });
      await refresh();
    } catch (error) {
      takeRefusal(readFailure(error));
    } finally {
      setSaving(false);
    }
  };

  const startTest = () => {
    if (passes('test')) void test.start(toPatch(state), state.revision);
  };

  const dirty = isDirty(state);
  const context = useMemo(
    () => ({ state, sources: answer.sources, editable: mayUpdate && !saving, dispatch, errorAt }),
    [answer.sources, dispatch, errorAt, mayUpdate, saving, state],
  );
  const saveButton = (
    <Button type="submit" size="S" startIcon={<Check />} disabled={!dirty} loading={saving}>
      {t('save.action')}
    </Button>
  );

  return (
    <Page.Main>
      <Page.Title>{t('page.title')}</Page.Title>
      <form ref={form} onSubmit={(event) => void save(event)} noValidate>
        <Layouts.Header
          title={t('page.title')}
          subtitle={t('page.subtitle')}
          primaryAction={mayUpdate ? saveButton : undefined}
        />
        <Layouts.Content>
          <FormProvider value={context}>
            <Flex direction="column" alignItems="stretch" gap={6}>
              <StatusCard answer={answer} status={status} stale={stale} mayUpdate={mayUpdate} />
              <StorageSection />
              <CredentialsSection />
              {mayUpdate && <TestSection run={test.run} revision={state.revision} onStart={startTest} />}
              <AdvancedSection />
            </Flex>
          </FormProvider>
        </Layouts.Content>
      </form>
      <LeaveDialog dirty={dirty} />
    </Page.Main>
  );
}
