import { createContext, useContext } from 'react';
import type { Dispatch } from 'react';

import type { SettingSources } from '../../../../server/src/contracts/settings';
import type { ErrorPath } from '../../utils/fields';
import type { FormAction, FormState } from '../../utils/formState';

export interface SettingsForm {
  state: FormState;
  sources: SettingSources;
  /** False for a role that may look but not change, and while a save is under way. */
  editable: boolean;
  dispatch: Dispatch<FormAction>;
  errorAt: (path: ErrorPath) => string | undefined;
}

const FormContext = createContext<SettingsForm | null>(null);

export const FormProvider = FormContext.Provider;

export function useForm(): SettingsForm {
  const form = useContext(FormContext);
  if (!form) throw new Error('useForm outside of the settings form');
  return form;
}
