/**
 * What a request used of its client's quotas, and what it is told for it. The surprise: it is told
 * after the fact; whoever serves the client lets it wait.
 */

import { QuotaType } from '../core/quota/quota-rules.ts';
import { type FetchResponse, fetch } from '../protocol/apis/fetch.ts';
import { type ProduceRequest, produce } from '../protocol/apis/produce.ts';
import { type ShareFetchResponse, shareFetch } from '../protocol/apis/share-fetch.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import type { RequestContext } from './context.ts';

/** How long the client is to wait after this. 0: it need not. */
export async function throttle(
  { key }: { readonly key: number },
  request: unknown,
  response: unknown,
  context: RequestContext,
): Promise<number> {
  const { quotas } = context;
  if (key === produce.key) {
    const bytes = producedBytes(request as ProduceRequest);
    const waitMs = await quotas.used(QuotaType.PRODUCE, bytes, context);
    return Math.max(waitMs, await quotas.served(bytes, context));
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
 * paid for later. `sizes` is asked only where there is a quota.
 */
export async function withinMutationQuota<T>(
  items: readonly T[],
  sizes: () => Promise<(item: T) => number>,
  strict: boolean,
  context: RequestContext,
): Promise<{ readonly passed: T[]; readonly throttled: T[] }> {
  if (!(await context.quotas.has(QuotaType.CONTROLLER_MUTATION, context))) {
    return { passed: [...items], throttled: [] };
  }
  const partitionsOf = await sizes();
  const passed: T[] = [];
  const throttled: T[] = [];
  for (const item of items) {
    try {
      await context.quotas.mutate(partitionsOf(item), strict, context);
      passed.push(item);
    } catch (error) {
      const isQuota = error instanceof KafkaError && error.code === exceeded;
      if (!isQuota) throw error;
      throttled.push(item);
    }
  }
  return { passed, throttled };
}

const exceeded = ErrorCode.THROTTLING_QUOTA_EXCEEDED;
