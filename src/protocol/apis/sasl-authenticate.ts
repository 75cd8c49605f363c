/**
 * SaslAuthenticate: carries what the mechanism that was agreed on has to say. The surprise: what is
 * in it is the mechanism's business; Kafka's protocol sees only bytes.
 *
 * Versions
 * - 1 how long the session lasts (KIP-368)
 * - 2 flexible (KIP-482)
 */
import { api, bytes, type Infer, int16, int64, string } from '../schema.ts';

export const saslAuthenticate = api(36, 'SaslAuthenticate', {
  versions: [0, 2],
  flexible: 2,
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode: int16,
    errorMessage: string.nullable(),
    authBytes: bytes,
    sessionLifetimeMs: int64.since(1).ignorable(),
  },
});

export interface SaslAuthenticateRequest extends Infer<typeof saslAuthenticate.request.fields> {}
export interface SaslAuthenticateResponse extends Infer<typeof saslAuthenticate.response.fields> {}
