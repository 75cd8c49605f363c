/**
 * How the share group of a seed is set: from the beginning of each log, with locks that end while
 * members are still asleep. The surprise: nobody may have read before, since gateways remember for
 * a minute how a group was set.
 */
import { incrementalAlterConfigs } from '../../../src/protocol/apis/incremental-alter-configs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { SharedRules } from '../checker/history.ts';
import type { Client } from '../clients/client.ts';

const lockMs = 15_000;
/** Kafka's numbers for a group's configs, and for setting one. */
const [groupResource, set] = [32, 0];

export async function shareRules(
  admin: Client,
  group: string,
  limit: number,
): Promise<SharedRules> {
  const values = {
    'share.auto.offset.reset': 'earliest',
    'share.record.lock.duration.ms': `${lockMs}`,
    'share.delivery.count.limit': `${limit}`,
  };
  const configs = Object.entries(values).map(([name, value]) => {
    return { name, configOperation: set, value };
  });
  for (;;) {
    const answer = await admin.ask(incrementalAlterConfigs, 1, {
      resources: [{ resourceType: groupResource, resourceName: group, configs }],
    });
    if (answer?.responses[0].errorCode === ErrorCode.NONE) return { lockMs, limit };
    await admin.sleep(200);
  }
}
