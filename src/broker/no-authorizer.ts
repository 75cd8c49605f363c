/**
 * What every question about access control entries is answered with. The surprise: a cluster
 * without an authorizer allows everything to everyone, and it keeps no entries to be used later.
 */
import { ErrorCode } from '../protocol/errors.ts';

export const noAuthorizer = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: 'No Authorizer is configured.',
};
