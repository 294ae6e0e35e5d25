import { adopting } from './ledger/adopting';
import { auditing } from './ledger/auditing';
import { beginning } from './ledger/beginning';
import { burying } from './ledger/burying';
import { claiming } from './ledger/claiming';
import { cleaning, restoring } from './ledger/cleaning';
import { concurrency } from './ledger/concurrency';
import { dating } from './ledger/dating';
import { Hand, type LedgerUnderTest } from './ledger/harness';
import { keysAndPlaces } from './ledger/keys-and-places';
import { listing } from './ledger/listing';
import { migrating } from './ledger/migrating';
import { missing } from './ledger/missing';
import { publishing } from './ledger/publishing';
import { recording } from './ledger/recording';
import { relocating } from './ledger/relocating';
import { settling } from './ledger/settling';
import { sweeping } from './ledger/sweeping';
import { takingUp } from './ledger/taking-up';
import { tallying } from './ledger/tallying';
import { uploading } from './ledger/uploading';
import { uploadingTogether } from './ledger/uploading-together';

/**
 * Tests everything that the port `Ledger` promises.
 * @param make returns an empty ledger before each test
 */
export function ledgerContract(name: string, make: () => Promise<LedgerUnderTest>): void {
  describe(`${name} keeps the ledger's contract`, () => {
    let current: LedgerUnderTest;
    beforeEach(async () => {
      current = await make();
    });
    const hand = new Hand(() => current);
    describe('the beginning of a write', () => beginning(hand));
    describe('the publishing of writes', () => publishing(hand));
    describe('burying and purging', () => burying(hand));
    describe('uploads', () => uploading(hand));
    describe('several uploads together', () => uploadingTogether(hand));
    describe('the times of bytes', () => dating(hand));
    describe('claims', () => claiming(hand));
    describe('a cleanup', () => cleaning(hand));
    describe('a restore', () => restoring(hand));
    describe('a relocation', () => relocating(hand));
    describe('the adoption of an object', () => adopting(hand));
    describe('the inventory', () => recording(hand));
    describe('jobs on the whole library', () => migrating(hand));
    describe('missing files', () => missing(hand));
    describe('tallies', () => tallying(hand));
    describe('settling', () => settling(hand));
    describe('the sweeper’s names', () => sweeping(hand));
    describe('keys and places', () => keysAndPlaces(hand));
    describe('files of plain Strapi', () => takingUp(hand));
    describe('the list of rows', () => listing(hand));
    describe('the steps of an audit', () => auditing(hand));
    describe('when steps come at the same time', () => concurrency(hand));
  });
}
