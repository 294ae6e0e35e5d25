import { STORED, formAfter } from './support';

test('a message of the API goes away when its field is edited, and one without a field is dropped', () => {
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

test('an edit raises the revision of the form; visiting a field and saving do not', () => {
  const edited = formAfter(STORED, { type: 'changed', values: { bucket: 'x' } }, { type: 'visited', path: 'bucket' });
  expect(edited.revision).toBe(1);
  const saved = formAfter(STORED, { type: 'changed', values: { bucket: 'x' } }, { type: 'loaded', settings: { ...STORED, bucket: 'x' } });
  expect(saved).toMatchObject({ revision: 1, resets: [], visited: [], attempted: null, secret: { kind: 'keep' } });
});
