/**
 * DescribeUserScramCredentials: which users have credentials. The surprise: the salt is never told,
 * nor anything else that would help to guess.
 *
 * Behaviour
 * - To describe the cluster is asked for.
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
import { demandOfCluster } from '../permissions.ts';

export const handleDescribeUserScramCredentials: Handler<
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse
> = async (request, context) => {
  await demandOfCluster(context, 'DESCRIBE');
  const controller = context.objects.controller();
  const users = request.users?.map(({ name }) => name) ?? null;
  const { results } = await controller.call('describeScramCredentials', { users });
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, results };
};
