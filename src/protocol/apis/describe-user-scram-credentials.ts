/**
 * DescribeUserScramCredentials: for which users there are SCRAM credentials, with their iterations.
 * The surprise: nothing from which a password could be guessed is ever answered.
 *
 * Behaviour
 * - Null or no users: all of them.
 *
 * Versions
 * - 0 KIP-554
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const describeUserScramCredentials = api(50, 'DescribeUserScramCredentials', {
  versions: [0, 0],
  flexible: 0,
  request: { users: array(struct({ name: string })).nullable() },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array(
      struct({
        user: string,
        errorCode: int16,
        errorMessage: string.nullable(),
        credentialInfos: array(struct({ mechanism: int8, iterations: int32 })),
      }),
    ),
  },
});

export interface DescribeUserScramCredentialsRequest
  extends Infer<typeof describeUserScramCredentials.request.fields> {}
export interface DescribeUserScramCredentialsResponse
  extends Infer<typeof describeUserScramCredentials.response.fields> {}
