import { verdictOf, type Hunted } from './verdict';

const ended = (hunted: Hunted) => ({ code: 0, output: JSON.stringify(hunted), errors: '' });

test('a mutant whose histories break a promise counts as noticed', () => {
  expect(verdictOf(ended({ played: 7, violation: 'wrong bytes' }))).toEqual({ kind: 'noticed', played: 7, violation: 'wrong bytes' });
});

test('a mutant whose histories break no promise counts as not noticed', () => {
  expect(verdictOf(ended({ played: 100, violation: null }))).toEqual({ kind: 'NOT NOTICED', played: 100 });
});

test('a mutant whose histories cannot be played counts as broken, and not as noticed', () => {
  const errors = '/tests/simulation/search.js:55\n    throw details.errorInstance;\n    ^\n\nError: ReferenceError: gone is not defined\nb0: PUT file0.bin\n';
  expect(verdictOf({ code: 1, output: '', errors })).toEqual({ kind: 'BROKEN', error: 'Error: ReferenceError: gone is not defined' });
  expect(verdictOf({ code: null, output: '', errors: '' })).toEqual({ kind: 'BROKEN', error: 'exit code null' });
});
