import { STORED, formAfter } from './support';

test('the API’s findings go away with the edit of their field, and paths of no input are dropped', () => {
  const refused = formAfter(STORED, {
    type: 'refused',
    fields: [
      { path: 'bucket', message: 'no' },
      { path: 'prefix', message: 'neither' },
      { path: 'nowhere', message: 'lost' },
    ],
  });
  expect(refused.refused).toEqual({ bucket: 'no', prefix: 'neither' });
  const edited = formAfter(
    STORED,
    { type: 'refused', fields: [{ path: 'bucket', message: 'no' }, { path: 'prefix', message: 'neither' }] },
    { type: 'changed', values: { bucket: 'yes' } },
  );
  expect(edited.refused).toEqual({ prefix: 'neither' });
});

test('edits count revisions, looking and saving do not', () => {
  const edited = formAfter(STORED, { type: 'changed', values: { bucket: 'x' } }, { type: 'visited', path: 'bucket' });
  expect(edited.revision).toBe(1);
  const saved = formAfter(STORED, { type: 'changed', values: { bucket: 'x' } }, { type: 'loaded', settings: { ...STORED, bucket: 'x' } });
  expect(saved).toMatchObject({ revision: 1, resets: [], visited: [], attempted: null, secret: { kind: 'keep' } });
});
