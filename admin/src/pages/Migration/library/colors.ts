import type { Place } from '../../../utils/library';

/** Told apart in both themes; the same in bar and legend. */
export const PLACE_COLORS = {
  local: 'warning500',
  both: 'primary500',
  remote: 'success500',
  trash: 'neutral300',
  missing: 'danger500',
  lost: 'neutral800',
} as const satisfies Record<Place, string>;
