import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import { parseKey } from '../../../server/src/core/keys';
import type { KeptKey } from '../../../server/src/core/settings/types';
import type { SettingsService } from '../../../server/src/core/settings/service';
import { UnneededKeys } from '../../../server/src/core/upkeep/unneeded-keys';
import { recordingLog } from '../settings/support';

const clock = { now: () => 0, random: () => 0.5 };
const key = (bucket: string): KeptKey => ({ endpoint: 'https://s3.example.com', bucket, region: 'us-east-1', accessKeyId: bucket, secretAccessKey: 'secret', forcePathStyle: true, sealed: bucket });

function setUp() {
  const ledger = new MemoryLedger(clock);
  const state = { kept: [key('one'), key('two')] };
  const service = {
    current: () => ({ settings: state }) as never,
    dropKept: async (keys: readonly KeptKey[]) => void (state.kept = state.kept.filter((known) => !keys.includes(known))),
  } satisfies Pick<SettingsService, 'current' | 'dropKept'>;
  const locationOf = (bucket: string, region = 'us-east-1') => ledger.locationId({ endpoint: 'https://s3.example.com.', region, bucket });
  return { ledger, locationOf, keys: new UnneededKeys({ service, ledger, log: recordingLog() }), left: () => state.kept.map(({ bucket }) => bucket) };
}

test('a kept key goes at the second look after the last row and name have left its bucket, in any spelling', async () => {
  const { ledger, locationOf, keys, left } = setUp();
  await locationOf('one');
  const intent = await ledger.begin({ kind: 'object', key: parseKey('a.txt'), locationId: await locationOf('one', 'eu-central-1'), prefix: '', plainFree: true });
  await keys.drop();
  expect(left()).toEqual(['one', 'two']);
  await keys.drop();
  expect(left()).toEqual(['one']);
  await ledger.forget(intent);
  await keys.drop();
  expect(left()).toEqual(['one']);
  await keys.drop();
  expect(left()).toEqual([]);
});

test('a key that is needed again between two looks stays', async () => {
  const { ledger, locationOf, keys, left } = setUp();
  await keys.drop();
  await ledger.begin({ kind: 'object', key: parseKey('a.txt'), locationId: await locationOf('two'), prefix: '', plainFree: true });
  await keys.drop();
  expect(left()).toEqual(['two']);
});
