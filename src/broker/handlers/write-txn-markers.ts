/**
 * WriteTxnMarkers: ends the transaction of a producer in single partitions, for operators who have
 * to be rid of one that hangs. The surprise: the coordinator is not asked, and does not hear of it.
 *
 * Behaviour
 * - To alter the cluster is asked for, or to act for it.
 * - The answer has each producer id once, with all that its markers came to.
 *
 * Versions
 * - 1: flexible · 2: the version of the transaction, and with transactions v2 what is open ends
 *   only with a higher epoch (KIP-1228)
 */
import type { TransactionMarker } from '../../core/transaction-marker.ts';
import type {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../../protocol/apis/write-txn-markers.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler, RequestContext } from '../context.ts';
import { demandOfCluster, mayWithCluster } from '../permissions.ts';
import { TopicRoute } from '../routing.ts';

/** By producer id, topic and partition. */
type Codes = Map<number, Map<string, Map<number, number>>>;

export const handleWriteTxnMarkers: Handler<
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse
> = async ({ markers }, context) => {
  if (!(await mayWithCluster(context, 'ALTER'))) await demandOfCluster(context, 'CLUSTER_ACTION');
  const codes: Codes = new Map();
  for (const { topics, transactionResult, transactionVersion, ...rest } of markers) {
    const marker = {
      ...rest,
      committed: transactionResult,
      raisesEpoch: transactionVersion >= 2,
    };
    for (const { name, partitionIndexes } of topics) {
      const written = await write(marker, name, partitionIndexes, context);
      const byTopic = codes.get(marker.producerId) ?? new Map<string, Map<number, number>>();
      codes.set(marker.producerId, byTopic);
      byTopic.set(name, new Map([...(byTopic.get(name) ?? []), ...written]));
    }
  }
  return {
    markers: [...codes].map(([producerId, byTopic]) => ({
      producerId,
      topics: [...byTopic].map(([name, byPartition]) => ({
        name,
        partitions: [...byPartition].map(([partitionIndex, errorCode]) => ({
          partitionIndex,
          errorCode,
        })),
      })),
    })),
  };
};

/** The code of each partition. */
function write(
  marker: TransactionMarker,
  name: string,
  partitionIndexes: readonly number[],
  context: RequestContext,
): Promise<[partition: number, errorCode: number][]> {
  const route = new TopicRoute(context, { name }, null);
  return eachBounded(partitionIndexes, async (index) => {
    const reply = await route.ask(index, ({ partition }) =>
      partition.call('writeMarker', { marker }),
    );
    return [index, typeof reply === 'number' ? reply : reply.errorCode];
  });
}
