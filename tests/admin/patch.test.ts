import { FIELDS, toSettings, toValues } from '../../admin/src/utils/fields';
import { isDirty, toPatch } from '../../admin/src/utils/patch';
import { FRESH, STORED, formAfter } from './support';

test('every setting survives the way into the inputs and back', () => {
  for (const settings of [FRESH, STORED]) {
    // this form leaves out the settings that the migration page shows
    const shown = Object.fromEntries(FIELDS.map((name) => [name, settings[name]]));
    expect(toSettings(toValues(settings))).toEqual(shown);
  }
});

test('an untouched form has nothing to save', () => {
  expect(toPatch(formAfter(STORED))).toEqual({});
  expect(isDirty(formAfter(STORED))).toBe(false);
});

test('only what changed is sent, so that values of config and environment are not copied into the database', () => {
  const state = formAfter(STORED, { type: 'changed', values: { maxAttempts: '5' } });
  expect(toPatch(state)).toEqual({ maxAttempts: 5 });
});

test('a value that is typed and then typed back is no change, even with white space around it', () => {
  const state = formAfter(STORED, { type: 'changed', values: { bucket: 'x' } }, { type: 'changed', values: { bucket: ' media ' } });
  expect(isDirty(state)).toBe(false);
});

test('an emptied field is sent as null, an emptied prefix as an empty text, and a prefix as a folder', () => {
  expect(toPatch(formAfter(STORED, { type: 'changed', values: { cacheControl: '', endpoint: '' } }))).toEqual({ endpoint: null });
  const prefixed = { ...STORED, prefix: 'site/' };
  expect(toPatch(formAfter(prefixed, { type: 'changed', values: { prefix: '' } }))).toEqual({ prefix: '' });
  expect(toPatch(formAfter(STORED, { type: 'changed', values: { prefix: '/a/b' } }))).toEqual({ prefix: 'a/b/' });
});

test('a reset sends null, even after an edit, and can be taken back', () => {
  const reset = formAfter(STORED, { type: 'changed', values: { bucket: 'x' } }, { type: 'reset', name: 'bucket' });
  expect(toPatch(reset)).toEqual({ bucket: null });
  expect(isDirty(formAfter(STORED, { type: 'reset', name: 'bucket' }, { type: 'unreset', name: 'bucket' }))).toBe(false);
});

test('a kept secret is not in the patch, a replaced one comes with its key ID', () => {
  expect(toPatch(formAfter(STORED))).not.toHaveProperty('secretAccessKey');
  const replaced = formAfter(STORED, { type: 'secret', edit: { kind: 'replace', value: ' s3cr3t ' } });
  expect(toPatch(replaced)).toEqual({ accessKeyId: 'KEY', secretAccessKey: 's3cr3t' });
});

test('removing the secret also removes the key ID, and can be taken back', () => {
  const removed = formAfter(STORED, { type: 'secret', edit: { kind: 'remove' } });
  expect(toPatch(removed)).toEqual({ accessKeyId: null, secretAccessKey: null });
  expect(toPatch(formAfter(STORED, { type: 'reset', name: 'accessKeyId' }))).toEqual(toPatch(removed));
  expect(isDirty(formAfter(STORED, { type: 'reset', name: 'accessKeyId' }, { type: 'unreset', name: 'accessKeyId' }))).toBe(false);
});

test('an opened but empty secret input changes nothing', () => {
  expect(isDirty(formAfter(STORED, { type: 'secret', edit: { kind: 'replace', value: '' } }))).toBe(false);
});
