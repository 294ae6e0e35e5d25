import type { StatusAnswer, Tally } from '../../../server/src/contracts/api';

/** Where files are, in the order of the bar: the way they go, then those that are nowhere. Each file is in one place. */
export const PLACES = ['local', 'both', 'remote', 'trash', 'missing', 'lost'] as const;
export type Place = (typeof PLACES)[number];

export type Measure = 'count' | 'bytes';

export interface Segment extends Tally {
  place: Place;
  /** The share of the whole, from 0 to 1. */
  share: number;
}

/** The places with what is in them. Failures are not among them: a file that could not be moved still lies where it is. */
export function segmentsOf(objects: StatusAnswer['objects'], measure: Measure): Segment[] {
  const whole = PLACES.reduce((sum, place) => sum + objects[place][measure], 0);
  return PLACES.map((place) => ({ place, ...objects[place], share: whole === 0 ? 0 : objects[place][measure] / whole }));
}

/** The files that could not be moved and lie somewhere all the same: the server counts missing and lost ones as failed, too. */
export function stuckOf({ failed, missing, lost }: StatusAnswer['objects']): Tally {
  return {
    count: Math.max(0, failed.count - missing.count - lost.count),
    bytes: Math.max(0, failed.bytes - missing.bytes - lost.bytes),
  };
}
