/**
 * SaslHandshake: a client wants to authenticate. The surprise: nobody can yet, and a client that is
 * told so gives up at once, where one that is hung up on would try for ever.
 *
 * Behaviour
 * - ILLEGAL_SASL_STATE and no mechanisms, as Kafka answers where clients need not authenticate.
 *
 * Versions
 * - 0, 1: the same
 */
import type {
  SaslHandshakeRequest,
  SaslHandshakeResponse,
} from '../../protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';

export const handleSaslHandshake: Handler<
  SaslHandshakeRequest,
  SaslHandshakeResponse
> = async () => ({ errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] });
