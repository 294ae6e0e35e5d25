import type { ErrorCode } from '../../../../server/src/contracts/errors';
import { systemClock } from '../../../../server/src/core/clock';
import { StorageError } from '../../../../server/src/core/errors';
import { quietEvents } from '../../../support/events';
import { resolve } from '../../../../server/src/core/settings/resolve';
import { Instance, type PermittedSettings } from '../../../../server/src/core/instance';
import type { OpenProbe, ProbeConnection } from '../../../../server/src/core/buckets/probe/connection';
import { openS3Probe } from '../../../../server/src/core/buckets/probe/open-s3';
import { testConnection } from '../../../../server/src/core/buckets/probe/connection-test';
import { OWN } from '../../../../server/src/core/ownership';
import { MemoryObjectStore } from '../../../../server/src/core/memory/object-store';
import type { CorsRule } from '../../../../server/src/core/store/s3/bucket-cors';
import { layer } from '../../../../server/src/core/store/resilience/layer';
import { stored } from '../../settings/support';
import { owns } from '../../../support/owners';

/** The settings that an instance would have with these stored. */
export function effective(settings: Record<string, unknown>, { production = true } = {}): PermittedSettings {
  const resolution = resolve({ database: stored(settings), configFile: null, variables: {} });
  const inForce = { ...resolution, revision: 1 };
  return new Instance({ current: () => inForce }, { providerIsLocal: true, production, override: null }, quietEvents(), owns).current();
}

export const FULL = { endpoint: 'http://127.0.0.1:9', bucket: 'media', accessKeyId: 'KEY', secretAccessKey: 'hunter2-secret', prefix: 'p' };

export interface MemoryProbe {
  store: MemoryObjectStore;
  written: string[];
  /** The CORS rules of the bucket. */
  rules: CorsRule[];
  open: OpenProbe;
  opened: () => number;
  closed: () => number;
}

/** `reach` is a listing without a signature; `putIfAbsent` and `putEncrypted` are PUTs of these kinds. */
type Call = 'list' | 'reach' | 'head' | 'put' | 'get' | 'delete' | 'putIfAbsent' | 'putEncrypted';

/** A bucket in memory, some of whose calls fail, hang, or answer in another way. */
export function memoryProbe(faults: Partial<Record<Call, ErrorCode | 'hang'>> = {}, overrides: Partial<ProbeConnection['store']> = {}): MemoryProbe {
  const store = new MemoryObjectStore();
  const written: string[] = [];
  const rules: CorsRule[] = [];
  let opened = 0;
  let closed = 0;
  // no policy demands encryption here, so this PUT is refused as one without encryption is
  const failing = { putEncrypted: 'ACCESS_DENIED', ...faults } as const;
  const guarded = <A extends unknown[], R>(call: Call, work: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    const fault = failing[call];
    if (fault === 'hang') return new Promise<R>(() => undefined);
    if (fault) throw new StorageError(fault, { operation: call, detail: `detail of ${call} hunter2-secret`, quote: `quote of ${call} hunter2-secret` });
    return work(...args);
  };
  const open: OpenProbe = (_settings, { unsigned, encryption } = {}) => (opened++, {
    store: layer(store, {
      head: guarded('head', store.head.bind(store)),
      get: guarded('get', store.get.bind(store)),
      delete: guarded('delete', store.delete.bind(store)),
      list: guarded(unsigned ? 'reach' : 'list', store.list.bind(store)),
      put: (name, body, options) => {
        const kind = encryption ? 'putEncrypted' : options?.onlyIfAbsent ? 'putIfAbsent' : 'put';
        if (kind === 'put') written.push(name);
        return guarded(kind, store.put.bind(store))(name, body, options);
      },
      ...overrides,
    }),
    cors: { rules: async () => rules, replace: async (changed) => void rules.splice(0, Infinity, ...changed) },
    close: () => void (closed += 1),
  });
  return { store, written, rules, open, opened: () => opened, closed: () => closed };
}

/** The test as the engine runs it, against a real endpoint. */
export function testReal(settings: Record<string, unknown>, options?: { production?: boolean }) {
  return testConnection(effective(settings, options), { open: openS3Probe(systemClock, quietEvents()), clock: systemClock, ownerOf: async () => OWN });
}

/** Names of the steps, the failed one with its code. */
export function story(answer: Awaited<ReturnType<typeof testConnection>>): string[] {
  return answer.steps.map((step) => (step.ok ? step.name : `${step.name}:${step.code}`));
}
