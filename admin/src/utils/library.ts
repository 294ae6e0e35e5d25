import type { StatusAnswer, Tally } from '../../../server/src/contracts/api';

/** Where files are, in the order of the bar: the way they go, then what needs people. */
export const PLACES = ['local', 'both', 'remote', 'trash', 'failed', 'lost'] as const;
export type Place = (typeof PLACES)[number];

export type Measure = 'count' | 'bytes';

export interface Segment extends Tally {
  place: Place;
  /** Of the whole, from 0 to 1. */
  share: number;
}

/** The states that failures are taken out of, those where moving a file has most to do first. */
const MAY_FAIL = ['local', 'both', 'remote', 'trash'] as const;

/** Each file once: the server counts a file that failed also where it is. */
export function segmentsOf(objects: StatusAnswer['objects'], measure: Measure): Segment[] {
  const { lost, failed: counted } = objects;
  const failed = { count: counted.count - lost.count, bytes: counted.bytes - lost.bytes };
  const places: Record<Place, Tally> = { ...objects, failed };
  const left = { ...failed };
  for (const place of MAY_FAIL) {
    const { count, bytes } = places[place];
    const taken = { count: Math.min(count, left.count), bytes: Math.min(bytes, left.bytes) };
    places[place] = { count: count - taken.count, bytes: bytes - taken.bytes };
    left.count -= taken.count;
    left.bytes -= taken.bytes;
  }
  const whole = PLACES.reduce((sum, place) => sum + places[place][measure], 0);
  return PLACES.map((place) => ({ place, ...places[place], share: whole === 0 ? 0 : places[place][measure] / whole }));
}
