import type { ClaimAnswer } from '../../../server/src/contracts/api';
import type { ClaimRequest } from '../../../server/src/contracts/claim';

/** Whether the person has seen and confirmed everything that a claim needs. Null: what it would do is not known yet. */
export function mayClaim(answer: ClaimAnswer | null, areDeletesConfirmed: boolean): boolean {
  return answer !== null && answer.reason !== null && (answer.deletes.count === 0 || areDeletesConfirmed);
}

/**
 * The claim of somebody who has seen this answer. It takes the bucket from the owner in the answer only, and it confirms deletions only
 * if the answer has some: the server refuses the claim if the first deletion has come since.
 */
export function claimRequest({ owner, deletes }: ClaimAnswer, areDeletesConfirmed: boolean): ClaimRequest {
  return { owner: owner.id, confirmDeletes: deletes.count > 0 && areDeletesConfirmed };
}
