import { useAct } from '../../../hooks/useAct';
import { useApi } from '../../../hooks/useApi';
import { useTranslate } from '../../../hooks/useTranslate';
import { readMaxId } from '../../../utils/maxId';
import { useRights } from '../context';
import { DraftField } from './DraftField';
import { useDraft } from './useDraft';

/** A trial run: the first files of the library only. */
export function MaxIdField({ maxId }: { maxId: number | null }) {
  const t = useTranslate();
  const api = useApi();
  const { mayUpdate, refresh } = useRights();
  const { act, busy } = useAct(refresh);
  const draft = useDraft(maxId === null ? '' : String(maxId));

  const save = async () => {
    const wanted = readMaxId(draft.value);
    if (wanted === undefined) {
      draft.setError(t('invalid.maxId'));
      return;
    }
    const failure = await act(() => api.saveSettings({ migrationMaxId: wanted }));
    if (!failure) draft.forget();
    else draft.setError(failure.fields.find(({ path }) => path === 'migrationMaxId')?.message);
  };
  return (
    <DraftField
      name="migrationMaxId"
      label={t('field.migrationMaxId.label')}
      hint={t('field.migrationMaxId.hint')}
      draft={draft}
      disabled={!mayUpdate || busy}
      numeric
      onSave={() => void save()}
    />
  );
}
