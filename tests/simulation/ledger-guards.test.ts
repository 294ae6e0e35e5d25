import { guardFiles, guardsIn, withoutGuard } from './guard-markers';
import { guardedLedgerSources, LEDGER_MUTANTS } from './ledger-mutants';

const sources = guardedLedgerSources();

test.each(LEDGER_MUTANTS)('the SQL ledger marks the guard once, and can be had without it: $guard', ({ marker, change }) => {
  const marked = sources.filter(({ text }) => guardsIn(text).includes(marker));
  expect(marked).toHaveLength(1);
  for (const { text } of marked) expect(withoutGuard(text, marker, change)).not.toBe(text);
});

test('every guard that the SQL ledger marks has one mutant', () => {
  expect(LEDGER_MUTANTS.map(({ marker }) => marker).sort()).toEqual([...guardFiles(sources).keys()].sort());
});
