import type { FieldError, PublicSettings } from '../../../server/src/contracts/settings';
import { isErrorPath, toValues } from './fields';
import type { ErrorPath, FieldName, FormValues } from './fields';
import { applyPreset, followEndpoint, followRegion } from './presets';

/** The secret's value is never known here: it is kept, replaced by what is typed, or removed. */
export type SecretEdit = { kind: 'keep' } | { kind: 'replace'; value: string } | { kind: 'remove' };

export interface FormState {
  /** The last answer of the server. The patch holds the fields that differ from it. */
  initial: FormValues;
  secretSet: boolean;
  values: FormValues;
  secret: SecretEdit;
  /** Stored values to be removed, so that the next source counts. */
  resets: readonly FieldName[];
  /** Fields whose findings may be shown: nobody is told off for what they have not typed yet. */
  visited: readonly ErrorPath[];
  /** The last request of the user: a test needs a whole connection, and saving does not. */
  attempted: 'save' | 'test' | null;
  refused: Partial<Record<ErrorPath, string>>;
  /** Counts the edits, so that a test knows whether it is about what is on the screen. */
  revision: number;
}

export type FormAction =
  | { type: 'loaded'; settings: PublicSettings }
  | { type: 'changed'; values: Partial<FormValues> }
  | { type: 'secret'; edit: SecretEdit }
  | { type: 'reset'; name: FieldName }
  | { type: 'unreset'; name: FieldName }
  | { type: 'visited'; path: ErrorPath }
  | { type: 'attempted'; aim: 'save' | 'test' }
  | { type: 'refused'; fields: readonly FieldError[] };

export function loadForm(settings: PublicSettings, revision = 0): FormState {
  const initial = toValues(settings);
  return {
    initial,
    secretSet: settings.secretAccessKeySet,
    values: initial,
    secret: { kind: 'keep' },
    resets: [],
    visited: [],
    attempted: null,
    refused: {},
    revision,
  };
}

const without = <T>(list: readonly T[], item: T) => list.filter((other) => other !== item);

const forget = (refused: FormState['refused'], paths: readonly string[]) =>
  Object.fromEntries(Object.entries(refused).filter(([path]) => !paths.includes(path)));

/** A preset and a region fill other fields too, but never over what a person typed there. */
function derived(before: FormValues, change: Partial<FormValues>): FormValues {
  const after = { ...before, ...change };
  if (change.provider && change.provider !== before.provider) return applyPreset(before, change.provider);
  if (change.region !== undefined) return followRegion(before, after);
  if (change.endpoint !== undefined) return followEndpoint(after);
  return after;
}

function step(state: FormState, action: FormAction): FormState {
  switch (action.type) {
    case 'loaded':
      // Saving changes no value: a test of just these values stays true.
      return loadForm(action.settings, state.revision);
    case 'changed': {
      const values = derived(state.values, action.values);
      return { ...state, values, refused: forget(state.refused, Object.keys(action.values)) };
    }
    case 'secret':
      return {
        ...state,
        secret: action.edit,
        // The pair comes from one source: without its secret the stored key ID would count for nothing.
        resets:
          action.edit.kind === 'remove'
            ? [...without(state.resets, 'accessKeyId'), 'accessKeyId']
            : without(state.resets, 'accessKeyId'),
        refused: forget(state.refused, ['secretAccessKey']),
      };
    case 'reset':
      if (action.name === 'accessKeyId') return step(state, { type: 'secret', edit: { kind: 'remove' } });
      return {
        ...state,
        values: { ...state.values, [action.name]: state.initial[action.name] },
        resets: [...without(state.resets, action.name), action.name],
        refused: forget(state.refused, [action.name]),
      };
    case 'unreset':
      if (action.name === 'accessKeyId') return step(state, { type: 'secret', edit: { kind: 'keep' } });
      return { ...state, resets: without(state.resets, action.name) };
    case 'visited':
      return state.visited.includes(action.path) ? state : { ...state, visited: [...state.visited, action.path] };
    case 'attempted':
      return { ...state, attempted: action.aim };
    case 'refused':
      return {
        ...state,
        refused: Object.fromEntries(
          action.fields.filter(({ path }) => isErrorPath(path)).map(({ path, message }) => [path, message]),
        ),
      };
  }
}

const EDITS: readonly FormAction['type'][] = ['changed', 'secret', 'reset', 'unreset'];

export function reduceForm(state: FormState, action: FormAction): FormState {
  const next = step(state, action);
  return EDITS.includes(action.type) ? { ...next, revision: state.revision + 1 } : next;
}
