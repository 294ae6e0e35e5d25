import { claimRequest, mayClaim } from '../../admin/src/utils/claim';
import type { ClaimAnswer } from '../../server/src/contracts/api';
import { CLAIMABLE, ERRORS, isClaimable, type ErrorCode } from '../../server/src/contracts/errors';

const ANSWER: ClaimAnswer = {
  reason: { code: 'DATABASE_COPY', ...ERRORS.DATABASE_COPY },
  area: { endpoint: 'https://s3.test', bucket: 'media', prefix: '' },
  owner: { id: 'owner-1', server: 'web-1', seenAt: '2026-11-23T19:52:39.123Z' },
  uploads: { count: 2, bytes: 20 },
  deletes: { count: 0, bytes: 0 },
};
const DELETING: ClaimAnswer = { ...ANSWER, deletes: { count: 3, bytes: 30 } };

test('a person may claim once the answer is there, and deletions need a confirmation', () => {
  expect(mayClaim(null, false)).toBe(false);
  expect(mayClaim(ANSWER, false)).toBe(true);
  expect(mayClaim(DELETING, false)).toBe(false);
  expect(mayClaim(DELETING, true)).toBe(true);
});

test('a person may not claim where there is nothing to claim', () => {
  expect(mayClaim({ ...DELETING, reason: null }, true)).toBe(false);
});

test('the claim names the owner that the person has seen, also where nobody could read it', () => {
  expect(claimRequest(DELETING, true)).toEqual({ owner: 'owner-1', confirmDeletes: true });
  expect(claimRequest({ ...ANSWER, owner: { id: null, server: null, seenAt: null } }, false)).toEqual({ owner: null, confirmDeletes: false });
});

test('the claim confirms no deletion that the person has not seen', () => {
  expect(claimRequest(ANSWER, true)).toEqual({ owner: 'owner-1', confirmDeletes: false });
});

test('a claim ends the reasons of a missing owner, and no other reason', () => {
  expect((Object.keys(ERRORS) as ErrorCode[]).filter(isClaimable).sort()).toEqual([...CLAIMABLE].sort());
  expect(isClaimable(null)).toBe(false);
  expect(isClaimable('PRODUCTION_ONLY')).toBe(false);
});
