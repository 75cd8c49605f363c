/**
 * What a request used of its client's quotas, and what it is told for it. The surprise: it is told
 * after the fact; whoever serves the client lets it wait.
 */

import { QuotaType } from '../core/quota/quota-rules.ts';
import { type FetchResponse, fetch } from '../protocol/apis/fetch.ts';
import { type ProduceRequest, produce } from '../protocol/apis/produce.ts';
import { type ShareFetchResponse, shareFetch } from '../protocol/apis/share-fetch.ts';
import type { RequestContext } from './context.ts';

interface Asked {
  readonly key: number;
}

const byteQuotas: ReadonlyMap<number, QuotaType> = new Map([
  [produce.key, QuotaType.PRODUCE],
  [fetch.key, QuotaType.FETCH],
  [shareFetch.key, QuotaType.FETCH],
]);

/** Which quota such a request uses first of all. */
export function quotaTypeOf({ key }: Asked): QuotaType {
  return byteQuotas.get(key) ?? QuotaType.REQUEST;
}

/**
 * How long the client was to wait before such a request, for what it has used: for doors that
 * cannot be quiet, since clients come anew with each request.
 */
export async function owedMs(api: Asked, context: RequestContext): Promise<number> {
  const { quotas } = context;
  if (quotas.areNone) return 0;
  const forBytes = await quotas.owedMs(quotaTypeOf(api), context);
  return Math.max(forBytes, await quotas.owedMs(QuotaType.REQUEST, context));
}

/** How long the client is to wait after this. 0: it need not. */
export async function throttle(
  { key }: Asked,
  request: unknown,
  response: unknown,
  context: RequestContext,
): Promise<number> {
  const { quotas } = context;
  if (key === produce.key) {
    const { acks } = request as ProduceRequest;
    const bytes = producedBytes(request as ProduceRequest);
    const waitMs = await quotas.used(QuotaType.PRODUCE, bytes, context);
    // As in Kafka, what is not answered takes no time.
    return acks === 0 ? waitMs : Math.max(waitMs, await quotas.served(bytes, context));
  }
  if (key === fetch.key || key === shareFetch.key) {
    const bytes = fetchedBytes(response as FetchResponse | ShareFetchResponse);
    const waitMs = bytes > 0 ? await quotas.used(QuotaType.FETCH, bytes, context) : 0;
    return Math.max(waitMs, await quotas.served(bytes, context));
  }
  return quotas.served(0, context);
}

function producedBytes({ topicData }: ProduceRequest): number {
  let bytes = 0;
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) bytes += records?.byteLength ?? 0;
  }
  return bytes;
}

function fetchedBytes({ responses }: FetchResponse | ShareFetchResponse): number {
  let bytes = 0;
  for (const { partitions } of responses) {
    for (const { records } of partitions) {
      for (const chunk of records ?? []) bytes += chunk.byteLength;
    }
  }
  return bytes;
}

/**
 * Which of these may change so many partitions now; `strict`: the others are refused, and not just
 * paid for later. `sizes` is asked only where there is a quota; what changes nothing passes.
 */
export async function withinMutationQuota<T>(
  items: readonly T[],
  sizes: () => Promise<(item: T) => number>,
  strict: boolean,
  context: RequestContext,
): Promise<{ readonly passed: T[]; readonly throttled: T[] }> {
  const { quotas } = context;
  const has = !quotas.areNone && (await quotas.has(QuotaType.CONTROLLER_MUTATION, context));
  if (!has) return { passed: [...items], throttled: [] };
  const partitionsOf = await sizes();
  const passed: T[] = [];
  const throttled: T[] = [];
  for (const item of items) {
    const count = partitionsOf(item);
    const may = count === 0 || (await quotas.mayMutate(count, strict, context));
    (may ? passed : throttled).push(item);
  }
  return { passed, throttled };
}
