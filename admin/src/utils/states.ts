import { OBJECT_STATES } from '../../../server/src/contracts/objects';
import type { TranslationKey } from '../translations';

const STATES: readonly string[] = OBJECT_STATES;

/** The words for where a file is; a state of a newer server is only said to be another one. */
export const stateKey = (state: string): Extract<TranslationKey, `state.${string}`> =>
  STATES.includes(state) ? (`state.${state}` as 'state.local') : 'state.other';
