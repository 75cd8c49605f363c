/**
 * DescribeUserScramCredentials: which users have credentials. The surprise: the salt is never told,
 * nor anything else that would help to guess.
 *
 * Behaviour
 * - A user that is asked for twice, or has no credential, is refused by itself.
 *
 * Versions
 * - 0: KIP-554
 */
import type {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '../../protocol/apis/describe-user-scram-credentials.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';

export const handleDescribeUserScramCredentials: Handler<
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse
> = async (request, { objects }) => {
  const users = request.users?.map(({ name }) => name) ?? null;
  const { results } = await objects.controller().call('describeScramCredentials', { users });
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, results };
};
