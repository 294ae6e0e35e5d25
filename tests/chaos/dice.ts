import { createHash } from 'node:crypto';

/** Choices that a seed repeats. It does not repeat which client comes first between them, because the machine decides that. */
export interface Dice {
  /** A number in [0, 1), uniformly distributed. */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number between the two, both ends included. */
  int(from: number, to: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** One of the names, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
  bytes(size: number): Buffer;
  /** Other dice, whose throws do not depend on how often these were thrown. */
  fork(label: string): Dice;
}

export function diceOf(seed: string): Dice {
  let state = createHash('sha256').update(seed).digest().readUInt32LE();
  // mulberry32
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = () => word() / 2 ** 32;
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)] ?? list[0],
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
      const names = Object.keys(weights) as K[];
      let left = next() * names.reduce((sum, name) => sum + weights[name], 0);
      return names.find((name) => (left -= weights[name]) < 0) ?? (names[0] as K);
    },
    bytes(size) {
      const bytes = Buffer.allocUnsafe(size);
      for (let at = 0; at < size; at += 4) for (let rest = word(), byte = at; byte < Math.min(at + 4, size); byte++, rest >>>= 8) bytes[byte] = rest & 0xff;
      return bytes;
    },
    fork: (label) => diceOf(`${seed}/${label}`),
  };
}
