/**
 * SaslAuthenticate: a client goes on with a handshake that was refused, or that it never made.
 *
 * Behaviour
 * - ILLEGAL_SASL_STATE, as Kafka answers where clients need not authenticate.
 *
 * Versions
 * - 1: session lifetime, always 0 · 2: flexible
 */
import type {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../protocol/apis/sasl-authenticate.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';

const nothing = new Uint8Array(0);

export const handleSaslAuthenticate: Handler<
  SaslAuthenticateRequest,
  SaslAuthenticateResponse
> = async () => ({
  errorCode: ErrorCode.ILLEGAL_SASL_STATE,
  errorMessage: errorInfo(ErrorCode.ILLEGAL_SASL_STATE).message,
  authBytes: nothing,
  sessionLifetimeMs: 0,
});
