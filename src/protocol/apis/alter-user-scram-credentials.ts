/**
 * AlterUserScramCredentials: sets and deletes SCRAM credentials. The surprise: the client salts and
 * hashes the password, so the broker never sees it.
 *
 * Behaviour
 * - Mechanism 1 is SCRAM-SHA-256, 2 SCRAM-SHA-512.
 *
 * Versions
 * - 0 KIP-554
 */
import { api, array, bytes, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const alterUserScramCredentials = api(51, 'AlterUserScramCredentials', {
  versions: [0, 0],
  flexible: 0,
  request: {
    deletions: array(struct({ name: string, mechanism: int8 })),
    upsertions: array(
      struct({
        name: string,
        mechanism: int8,
        iterations: int32,
        salt: bytes,
        saltedPassword: bytes,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    results: array(struct({ user: string, errorCode: int16, errorMessage: string.nullable() })),
  },
});

export interface AlterUserScramCredentialsRequest
  extends Infer<typeof alterUserScramCredentials.request.fields> {}
export interface AlterUserScramCredentialsResponse
  extends Infer<typeof alterUserScramCredentials.response.fields> {}
