import { ObjectsApi, type ObjectsApiDeps } from '../../../server/src/core/admin/objects';

const setUp = () => {
  const retry = jest.fn(async (keys: readonly string[] | 'all') => (keys === 'all' ? 7 : keys.length));
  const forget = jest.fn();
  const onChange = jest.fn();
  return { changes: new ObjectsApi({ ledger: { retry, unbury: async () => 0 }, rows: { forget }, onChange } as unknown as ObjectsApiDeps), retry, forget, onChange };
};

test('a retry takes keys or all files, forgets the remembered rows of the keys, and reports the change', async () => {
  const { changes, forget, onChange } = setUp();
  expect(await changes.retry({ keys: ['a.jpg', 'b.png'] })).toEqual({ count: 2 });
  expect(await changes.retry({ all: true })).toEqual({ count: 7 });
  expect(forget.mock.calls).toEqual([[['a.jpg', 'b.png']]]);
  expect(onChange).toHaveBeenCalledTimes(2);
});

test.each([undefined, {}, { keys: [] }, { all: false }, { keys: ['a.jpg'], all: true }, { keys: [7] }, { keys: ['../../etc/passwd'] }])('a retry with the body %j is refused, and changes nothing', async (body) => {
  const { changes, retry } = setUp();
  await expect(changes.retry(body)).rejects.toMatchObject({ refused: true, code: expect.stringMatching(/^INVALID_(QUERY|KEY)$/) });
  expect(retry).not.toHaveBeenCalled();
});
