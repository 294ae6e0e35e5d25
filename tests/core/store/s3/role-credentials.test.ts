import { RoleCredentials, type RoleIdentity } from '../../../../server/src/core/store/s3/role-credentials';
import { FakeClock, settle } from '../../../support/fake-clock';

const identity = (accessKeyId: string, expiration?: Date): RoleIdentity => ({ accessKeyId, secretAccessKey: 'secret', expiration });

/** A source whose answers the test gives. */
function setUp() {
  const clock = new FakeClock();
  const asked: { answer(identity: RoleIdentity): void; fail(): void }[] = [];
  const source = () =>
    new Promise<RoleIdentity>((resolve, reject) => asked.push({ answer: resolve, fail: () => reject(new Error('no role')) }));
  const { provide, refused } = new RoleCredentials(source, clock);
  return { clock, asked, provide, refused };
}

test('two requests at the same time ask the source of the credentials once', async () => {
  const { asked, provide } = setUp();
  const both = Promise.all([provide(), provide()]);
  asked[0]?.answer(identity('a'));
  expect(await both).toEqual([identity('a'), identity('a')]);
  expect(asked).toHaveLength(1);
});

test('a silent source is waited for once, and its late answer is used by later requests', async () => {
  const { clock, asked, provide } = setUp();
  const first = provide();
  first.catch(() => undefined);
  await clock.advance(2_500);
  await expect(first).rejects.toMatchObject({ name: 'CredentialsProviderError' });
  await expect(provide()).rejects.toMatchObject({ name: 'CredentialsProviderError' });
  // a late answer of the source is used
  asked[0]?.answer(identity('late'));
  await settle();
  expect(await provide()).toEqual(identity('late'));
});

test('credentials that come late are used only until they expire', async () => {
  const { clock, asked, provide } = setUp();
  const first = provide();
  first.catch(() => undefined);
  await clock.advance(3_000);
  asked[0]?.answer(identity('late', new Date(clock.now() + 3_600_000)));
  await settle();
  await clock.advance(2 * 3_600_000);
  const next = provide();
  asked[1]?.answer(identity('new'));
  expect(await next).toEqual(identity('new'));
});

test('credentials without an expiry are asked for again after a minute, others 5 minutes before they expire', async () => {
  const { clock, asked, provide } = setUp();
  const answered = async (number: number, given: RoleIdentity) => {
    const wanted = provide();
    asked[number]?.answer(given);
    return wanted;
  };
  expect(await answered(0, identity('a'))).toEqual(identity('a'));
  await clock.advance(59_999);
  expect(await provide()).toEqual(identity('a'));
  await clock.advance(1);
  const ends = identity('b', new Date(clock.now() + 3_600_000));
  expect(await answered(1, ends)).toEqual(ends);
  await clock.advance(55 * 60_000);
  expect(await provide()).toEqual(ends);
  expect(asked).toHaveLength(2);
  await clock.advance(1);
  // the source may not have other credentials yet
  expect(await answered(2, ends)).toEqual(ends);
  expect(await provide()).toEqual(ends);
  expect(asked).toHaveLength(3);
});

test('credentials that S3 refuses are asked for again at once, but only once in 5 seconds', async () => {
  const { clock, asked, provide, refused } = setUp();
  const first = provide();
  asked[0]?.answer(identity('revoked'));
  await first;
  refused();
  expect(asked).toHaveLength(1);
  await clock.advance(5_000);
  refused();
  expect(asked).toHaveLength(2);
  const next = provide();
  asked[1]?.answer(identity('new'));
  expect(await next).toEqual(identity('new'));
  expect(asked).toHaveLength(2);
});

test('after a failure the source is asked again in the background after 5 seconds, and no request waits for it', async () => {
  const { clock, asked, provide } = setUp();
  const first = provide();
  asked[0]?.fail();
  await expect(first).rejects.toThrow('no role');
  await clock.advance(4_999);
  await expect(provide()).rejects.toThrow('no role');
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  await expect(provide()).rejects.toThrow('no role');
  expect(asked).toHaveLength(2);
  asked[1]?.answer(identity('back'));
  await settle();
  expect(await provide()).toEqual(identity('back'));
  expect(asked).toHaveLength(2);
});

test('a source that never answers is asked again after half a minute', async () => {
  const { clock, asked, provide } = setUp();
  const first = provide();
  first.catch(() => undefined);
  await clock.advance(10_000);
  await expect(provide()).rejects.toThrow('no credentials');
  expect(asked).toHaveLength(1);
  await clock.advance(20_000);
  await clock.advance(5_000);
  await expect(provide()).rejects.toThrow('no credentials');
  expect(asked).toHaveLength(2);
});

test('credentials from before serve until they expire when the source fails', async () => {
  const { clock, asked, provide } = setUp();
  const expiration = new Date(clock.now() + 60_000);
  const first = provide();
  asked[0]?.answer(identity('old', expiration));
  await first;
  await clock.advance(5_000);
  const refreshed = provide();
  asked[1]?.fail();
  expect(await refreshed).toEqual(identity('old', expiration));
  await clock.advance(60_000);
  await expect(provide()).rejects.toThrow('no role');
});
