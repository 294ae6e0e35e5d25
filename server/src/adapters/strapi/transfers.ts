import type { Core } from '@strapi/strapi';

/** The exports, imports and transfers of a Strapi. Each switches Strapi's lifecycles off from its beginning to its end. */
export interface Transfers {
  isUnderWay(): boolean;
  /** Returns the moment at which the latest transfer began, in milliseconds since the epoch. */
  begunAt(): number;
  /** Does the work once in a transfer, and gives everybody who asks its outcome. */
  once(work: () => Promise<void>): Promise<void>;
  /** Calls `listener` at the end of each transfer, also of a failed one. The process may end right after it, so that only synchronous work counts. */
  onEnd(listener: () => void): void;
}

export function watchTransfers(strapi: Core.Strapi): Transfers {
  const { lifecycles } = strapi.db;
  const listeners: (() => void)[] = [];
  let underWay = 0;
  let begunAt = 0;
  let done: Promise<void> | undefined;
  const { disable, enable } = lifecycles;
  lifecycles.disable = () => {
    underWay++;
    begunAt = Date.now();
    done = undefined;
    disable.call(lifecycles);
  };
  lifecycles.enable = () => {
    underWay = Math.max(0, underWay - 1);
    for (const listener of listeners) listener();
    enable.call(lifecycles);
  };
  return { isUnderWay: () => underWay > 0, begunAt: () => begunAt, once: (work) => (done ??= work()), onEnd: (listener) => void listeners.push(listener) };
}
