/**
 * What the controller answers where it cannot decide. The surprise: most replies have no room for a
 * code; to their callers a bug looks like weather.
 */
import type { ClusterCommand, ClusterReply } from './cluster-machine.ts';

/** What a caller hears of a bug; a call whose reply has no room for a code fails like weather. */
export function refuseClusterCall(
  call: ClusterCommand,
  errorCode: number,
  errorMessage: string,
): ClusterReply {
  switch (call.kind) {
    case 'createTopics':
    case 'createPartitions':
    case 'alterConfigs':
      return {
        topics: call.command.topics.map(({ name }) => ({
          name,
          errorCode,
          errorMessage,
          topic: null,
        })),
      };
    case 'deleteTopics':
      return { topics: call.command.topics.map((key) => ({ ...key, errorCode, errorMessage })) };
    case 'createAcls':
      return { results: call.command.acls.map(() => ({ errorCode, errorMessage })) };
    case 'deleteAcls':
      return {
        results: call.command.filters.map(() => ({ errorCode, errorMessage, acls: [] })),
      };
    case 'registerGroup':
    case 'unregisterGroup':
    case 'registerTransactionalId':
    case 'unregisterTransactionalId':
    case 'registerSubscription':
      return { errorCode };
    default:
      throw new Error(errorMessage);
  }
}
