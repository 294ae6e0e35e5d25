import { FileModel, type Outcome } from './model';

/** A file whose writes are given as [from, to, outcome, replica]. */
function fileWith(...writes: [number, number, Outcome, string?][]): FileModel {
  const model = new FileModel(2_000);
  for (const [from, to, outcome, replica = 'a'] of writes) model.written(model.write(replica, from), outcome, to);
  return model;
}

const bytes = (version: number | null) => ({ kind: 'bytes', version }) as const;
const MISSING = { kind: 'missing' } as const;
const at = (startedAt: number, replica = 'a') => ({ startedAt, replica });

describe('after two writes one after the other', () => {
  const model = fileWith([0, 10, 'acknowledged'], [100, 110, 'acknowledged']);

  test('the last acknowledged version is right, and the one before is stale where it was replaced', () => {
    expect(model.objection(at(111), bytes(1))).toBeNull();
    expect(model.objection(at(111), bytes(0))).toMatch(/^stale: version 0, though version 1/);
  });

  test('a read that began before the acknowledgement may show either version', () => {
    expect(model.objection(at(109), bytes(0))).toBeNull();
    expect(model.objection(at(109), bytes(1))).toBeNull();
  });

  test('another replica may show the old version for its two seconds, and no longer', () => {
    expect(model.objection(at(2_109, 'b'), bytes(0))).toBeNull();
    expect(model.objection(at(2_111, 'b'), bytes(0))).toMatch(/^stale/);
  });

  test('bytes that nobody wrote are wrong, and so is a missing file', () => {
    expect(model.objection(at(200), bytes(null))).toBe('bytes that nobody wrote');
    expect(model.objection(at(200), MISSING)).toBe('a listed file is missing');
  });
});

test('either of two writes at the same time may have won', () => {
  const model = fileWith([0, 10, 'acknowledged'], [100, 150, 'acknowledged'], [120, 130, 'acknowledged']);
  expect(model.objection(at(10_000), bytes(1))).toBeNull();
  expect(model.objection(at(10_000), bytes(2))).toBeNull();
  expect(model.objection(at(10_000), bytes(0))).toMatch(/^stale/);
});

test('a write under way or of unknown outcome may be seen or not, but a refused one must not be seen', () => {
  expect(fileWith([0, 10, 'acknowledged'], [100, Infinity, 'under-way']).objection(at(200), bytes(1))).toBeNull();
  const unknown = fileWith([0, 10, 'acknowledged'], [100, 150, 'unknown']);
  expect(unknown.objection(at(200), bytes(0))).toBeNull();
  expect(unknown.objection(at(200), bytes(1))).toBeNull();
  expect(fileWith([0, 10, 'acknowledged'], [100, 150, 'refused']).objection(at(200), bytes(1))).toMatch(/was refused/);
});

test('a write of unknown outcome must not be seen after one that was acknowledged later', () => {
  const model = fileWith([0, 10, 'acknowledged'], [100, 150, 'unknown'], [200, 210, 'acknowledged']);
  expect(model.objection(at(300), bytes(1))).toMatch(/^stale/);
});

describe('once everything has come to rest', () => {
  test('the version that was seen then stays, and no other version comes back', () => {
    const model = fileWith([0, 10, 'acknowledged'], [100, 150, 'unknown'], [110, 150, 'unknown']);
    model.settle(bytes(1));
    expect(model.objection(at(300), bytes(1))).toBeNull();
    expect(model.objection(at(300), bytes(0))).toMatch(/are back/);
    expect(model.objection(at(300), bytes(2))).toMatch(/are back/);
  });

  test('a delete of unknown outcome has happened or not, and what was seen then stays true', () => {
    const gone = fileWith([0, 10, 'acknowledged']);
    gone.remove('a', 20);
    gone.removed('unknown', 30);
    expect(gone.objection(at(40), MISSING)).toBeNull();
    expect(gone.objection(at(40), bytes(0))).toBeNull();
    gone.settle(MISSING);
    expect(gone.objection(at(50), bytes(0))).toBe('the bytes of a deleted file');

    const kept = fileWith([0, 10, 'acknowledged']);
    kept.remove('a', 20);
    kept.removed('unknown', 30);
    kept.settle(bytes(0));
    expect(kept.objection(at(50), MISSING)).toBe('a listed file is missing');
  });
});

test('a deleted file is gone at once where it was deleted, and soon elsewhere; a refused delete leaves it', () => {
  const model = fileWith([0, 10, 'acknowledged']);
  model.remove('a', 20);
  expect(model.objection(at(25), MISSING)).toBeNull();
  model.removed('acknowledged', 30);
  expect(model.objection(at(31), bytes(0))).toBe('the bytes of a deleted file');
  expect(model.objection(at(31, 'b'), bytes(0))).toBeNull();
  expect(model.objection(at(2_031, 'b'), bytes(0))).toBe('the bytes of a deleted file');

  const refused = fileWith([0, 10, 'acknowledged']);
  refused.remove('a', 20);
  refused.removed('refused', 30);
  expect(refused.objection(at(40), MISSING)).toBe('a listed file is missing');
});
