/**
 * ListConfigResources: what has configs of its own. The surprise: version 0 bears another name,
 * ListClientMetricsResources, and lists only those.
 *
 * Versions
 * - 0 subscriptions to client metrics (KIP-714, KIP-1000)
 * - 1 all kinds of resources (KIP-1142)
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const listConfigResources = api(74, 'ListConfigResources', {
  versions: [0, 1],
  flexible: 0,
  request: { resourceTypes: array(int8).since(1) },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    configResources: array(
      struct({ resourceName: string, resourceType: int8.since(1).default(16).ignorable() }),
    ),
  },
});

export interface ListConfigResourcesRequest
  extends Infer<typeof listConfigResources.request.fields> {}
export interface ListConfigResourcesResponse
  extends Infer<typeof listConfigResources.response.fields> {}
