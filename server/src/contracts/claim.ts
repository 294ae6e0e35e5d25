import { z } from 'zod';
import { fieldErrors, type Checked } from './schemas';

const schema = z.strictObject({
  owner: z.string({ error: 'must be the id of the present owner' }).max(64).nullable().optional(),
  confirmDeletes: z.boolean({ error: 'must be true or false' }).optional(),
});

/**
 * Body of `POST /settings/claim`. `owner` is the id that the person has seen; a claim from another owner is refused. `confirmDeletes` allows
 * the claim although files wait for their deletion.
 */
export type ClaimRequest = z.output<typeof schema>;

/** Checks the body of a claim. Never throws. */
export function parseClaim(body: unknown): Checked<ClaimRequest> {
  const parsed = schema.safeParse(body ?? {});
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error, 'is not a field of a claim') };
}
