import { s3Error, type Fault, type FaultProxy, type SeenRequest } from '../support/fault-proxy';
import { sleep } from '../support/process';
import type { Dice } from './dice';

/** The troubles between Strapi and S3. None changes bytes of a GET's answer, because over plain HTTP nobody could tell. */
export type Trouble = 'reset' | 'reset-after' | 'apply-late' | 'slow-down' | 'latency' | 'corrupt' | 'truncate' | 'stall' | 'blackhole';

export interface Climate {
  readonly troubles: Readonly<Partial<Record<Trouble, number>>>;
  /** The probability that a change of the weather brings a calm; `outage` is that of an outage. Otherwise some requests fail. */
  readonly calm: number;
  readonly outage: number;
}

export const ROUGH: Climate = { troubles: { reset: 3, 'reset-after': 3, 'apply-late': 3, 'slow-down': 3, latency: 1 }, calm: 0.35, outage: 0.15 };
export const WILD: Climate = { troubles: { ...ROUGH.troubles, corrupt: 2, truncate: 2, stall: 1, blackhole: 1 }, calm: 0.4, outage: 0.1 };

/** Weather over an S3 endpoint. `end` heals it. */
export interface Weather {
  end(): Promise<void>;
}

/** Starts the weather. @param note hears of every fault that is played */
export function startWeather(proxy: FaultProxy, climate: Climate, dice: Dice, note: (fault: string) => void): Weather {
  let ended = false;
  const changing = (async () => {
    while (!ended) {
      const luck = dice.next();
      proxy.heal();
      if (luck < climate.outage) {
        note('outage');
        await proxy.refuse();
      } else if (luck > climate.outage + climate.calm) drizzle(proxy, climate, dice, note);
      for (let left = dice.int(3, 15); left > 0 && !ended; left--) await sleep(100);
      await proxy.accept();
    }
  })();
  return {
    async end() {
      ended = true;
      await changing;
      proxy.heal();
    },
  };
}

/** Gives some of the requests a trouble of their own. */
function drizzle(proxy: FaultProxy, { troubles }: Climate, dice: Dice, note: (fault: string) => void): void {
  const probability = dice.pick([0.1, 0.3, 0.6]);
  for (const trouble of Object.keys(troubles) as Trouble[]) {
    const share = (troubles[trouble] ?? 0) / Object.values(troubles).reduce((sum, weight) => sum + weight, 0);
    proxy.on({
      fault: faultOf(trouble, dice),
      when: (request) => {
        const hit = suits(trouble, request) && dice.chance(probability * share * 2);
        if (hit) note(trouble);
        return hit;
      },
    });
  }
}

function faultOf(trouble: Trouble, dice: Dice): Fault {
  switch (trouble) {
    case 'reset':
      return { kind: 'reset', afterBytes: dice.pick([0, 1, 1_000, 100_000]) };
    case 'slow-down':
      return { kind: 'answer', answer: s3Error(503, 'SlowDown') };
    case 'latency':
      return { kind: 'latency', ms: dice.int(20, 800) };
    case 'apply-late':
      return { kind: 'apply-late', ms: dice.int(200, 6_000) };
    case 'corrupt':
      return { kind: 'corrupt', what: 'request', atByte: dice.int(0, 40) };
    case 'truncate':
      return { kind: 'truncate', afterBytes: dice.int(0, 2_000) };
    case 'stall':
      return { kind: 'stall', afterBytes: dice.int(0, 2_000) };
    default:
      return { kind: trouble };
  }
}

function suits(trouble: Trouble, { method }: SeenRequest): boolean {
  if (trouble === 'apply-late' || trouble === 'corrupt') return method === 'PUT' || method === 'DELETE';
  return trouble !== 'stall' && trouble !== 'truncate' ? true : method === 'GET';
}
