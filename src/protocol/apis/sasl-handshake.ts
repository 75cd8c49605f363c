/**
 * SaslHandshake: names the mechanism a client wants to authenticate with. The surprise: it never
 * became flexible, since old clients could not have understood the answer (KAFKA-9577).
 *
 * Behaviour
 * - The answer lists the mechanisms there are.
 *
 * Versions
 * - 1 what follows is wrapped in SaslAuthenticate (KIP-152)
 */
import { api, array, type Infer, int16, string } from '../schema.ts';

export const saslHandshake = api(17, 'SaslHandshake', {
  versions: [0, 1],
  flexible: 'none',
  request: {
    mechanism: string,
  },
  response: {
    errorCode: int16,
    mechanisms: array(string),
  },
});

export interface SaslHandshakeRequest extends Infer<typeof saslHandshake.request.fields> {}
export interface SaslHandshakeResponse extends Infer<typeof saslHandshake.response.fields> {}
