import { useCallback, useMemo } from 'react';
import type { FormEvent } from 'react';

import { Button, Flex } from '@strapi/design-system';
import { Check } from '@strapi/icons';
import { Layouts, Page, useNotification } from '@strapi/strapi/admin';

import type { SettingsAnswer } from '../../../../server/src/contracts/settings';
import type { Failure } from '../../api/failure';
import { useConnectionTest } from '../../hooks/useConnectionTest';
import { useFailureNotice } from '../../hooks/useFailureNotice';
import { useFocusFirstError } from '../../hooks/useFocusFirstError';
import { useRecovery } from '../../hooks/useRecovery';
import { useSave } from '../../hooks/useSave';
import { useSettingsForm } from '../../hooks/useSettingsForm';
import { useStatus } from '../../hooks/useStatus';
import { useTranslate } from '../../hooks/useTranslate';
import { isDirty, toPatch } from '../../utils/patch';
import { failedIn } from '../../utils/steps';
import { movesFiles, touchesConnection, validate } from '../../utils/validate';
import { FormProvider } from './context';
import { LeaveDialog } from './LeaveDialog';
import { MoveDialog } from './MoveDialog';
import { AdvancedSection } from './sections/AdvancedSection';
import { CredentialsSection } from './sections/CredentialsSection';
import { DeliverySection } from './sections/DeliverySection';
import { StorageSection } from './sections/StorageSection';
import { StatusCard } from './status/StatusCard';
import { TestSection } from './test/TestSection';

interface Props {
  answer: SettingsAnswer;
  mayUpdate: boolean;
  onSaved: (answer: SettingsAnswer) => void;
  /** Has the settings asked for again; the form keeps what was typed. */
  reload: () => Promise<void>;
}

export function SettingsPage({ answer, mayUpdate, onSaved, reload }: Props) {
  const t = useTranslate();
  const { toggleNotification } = useNotification();
  const tellFailure = useFailureNotice();
  const { form, focusFirstError } = useFocusFirstError();
  const { state, dispatch, errorAt, refuse } = useSettingsForm(answer);
  const { status, stale, refresh } = useStatus();

  const takeRefusal = useCallback(
    (failure: Failure) => {
      if (refuse(failure)) focusFirstError();
      tellFailure(failure);
    },
    [focusFirstError, refuse, tellFailure],
  );
  const test = useConnectionTest(takeRefusal);
  useRecovery(status !== null && status.outage !== null, test.forget);

  /** Shows what is wrong, if anything; the request is only worth sending when nothing is. */
  const passes = (aim: 'save' | 'test') => {
    dispatch({ type: 'attempted', aim });
    const found = validate(state, answer.sources, aim === 'test' || touchesConnection(state));
    if (Object.keys(found).length === 0) return true;
    focusFirstError();
    return false;
  };

  /** Takes over what was saved. Settings of a connection are tried at once: whether they work must not show with the first upload. */
  const take = async (saved: SettingsAnswer, moved: boolean) => {
    dispatch({ type: 'loaded', settings: saved.settings });
    onSaved(saved);
    const tested = moved && saved.mode !== 'off' ? await test.start({}, state.revision, true) : null;
    const isUnproven = tested !== null && !tested.ok;
    toggleNotification({ type: isUnproven ? 'warning' : 'success', message: t(isUnproven ? 'save.unproven' : 'save.done') });
    await refresh();
  };
  const { saving, save, confirm, cancel } = useSave({ onSaved: (saved) => take(saved, movesFiles(state)), onRefused: takeRefusal });
  const isSaving = saving.state !== 'idle';

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!mayUpdate || isSaving || !isDirty(state) || !passes('save')) return;
    await save(toPatch(state), movesFiles(state));
  };

  const startTest = async () => {
    if (!passes('test')) return;
    const isInForce = !isDirty(state);
    await test.start(toPatch(state), state.revision, isInForce);
    // the server has learned from it, too: what cannot be opened now is the status' to tell
    if (isInForce) await refresh();
  };

  const dirty = isDirty(state);
  const context = useMemo(
    () => ({ state, sources: answer.sources, editable: mayUpdate && !isSaving, dispatch, errorAt }),
    [answer.sources, dispatch, errorAt, mayUpdate, isSaving, state],
  );
  const saveButton = (
    <Button type="submit" size="S" startIcon={<Check />} disabled={!dirty} loading={saving.state === 'busy'}>
      {t('save.action')}
    </Button>
  );

  return (
    <Page.Main>
      <Page.Title>{t('page.title')}</Page.Title>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
        <Layouts.Header
          title={t('page.title')}
          subtitle={t('page.subtitle')}
          primaryAction={mayUpdate ? saveButton : undefined}
        />
        <Layouts.Content>
          <FormProvider value={context}>
            <Flex direction="column" alignItems="stretch" gap={6}>
              <StatusCard answer={answer} status={status} stale={stale} finding={failedIn(test.inForce)} mayUpdate={mayUpdate} onClaimed={() => void Promise.all([reload(), refresh()])} />
              <StorageSection />
              <CredentialsSection />
              {mayUpdate && <TestSection run={test.run} revision={state.revision} inUse={!dirty && answer.mode === 'read-write'} onStart={() => void startTest()} />}
              <DeliverySection />
              <AdvancedSection />
            </Flex>
          </FormProvider>
        </Layouts.Content>
      </form>
      {saving.state === 'asking' && <MoveDialog loss={saving.loss} onConfirm={confirm} onCancel={cancel} />}
      <LeaveDialog dirty={dirty} />
    </Page.Main>
  );
}
