import { describe, expect, it, vi } from 'vitest';
import { AnswerMemory } from '../../src/broker/answer-memory.ts';
import { dispatch, Unanswerable } from '../../src/broker/broker.ts';
import type { RequestContext } from '../../src/broker/context.ts';
import { servedBy } from '../../src/broker/handlers/index.ts';
import { concat } from '../../src/bytes/writer.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { apis } from '../../src/protocol/apis/index.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Api, Field, Fields, Infer } from '../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf, encodeResponse } from '../../src/protocol/schema.ts';
import { Weather } from '../../src/runtime/weather.ts';
import { TestCluster } from './test-cluster.ts';

/** A request with one element in every array and every string set: something to refuse. */
function filled(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, one(field)]));
}

function one({ spec }: Field<unknown>): unknown {
  if (spec.kind === 'array') return [one(spec.element!)];
  if (spec.kind === 'struct') return filled(spec.fields!);
  if (spec.kind === 'string') return 'name';
  if (spec.kind === 'bytes' || spec.kind === 'records') return new Uint8Array(3);
  if (spec.default !== undefined) return spec.default;
  return spec.kind === 'uuid' ? 'AAAAAAAAAAAAAAAAAAAAAQ' : spec.kind === 'boolean' ? false : 1;
}

/** A request as that version could say it: what it does not have is at its default. */
function requestOf(api: Api, version: number): Infer<Fields> {
  const request = filled(api.request.fields);
  for (const [name, { spec }] of Object.entries(api.request.fields)) {
    if (version < spec.since || version > spec.until) {
      request[name] = defaultsOf(api.request.fields)[name];
    }
  }
  return request;
}

/** Every error code in a decoded response. */
function codesIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(codesIn);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'errorCode' || name === 'partitionErrorCode' ? [inner as number] : codesIn(inner),
  );
}

const everyVersion = apis.flatMap((api) =>
  Array.from(
    { length: api.versions[1] - api.versions[0] + 1 },
    (_, i) => [api.name, api.versions[0] + i, api] as const,
  ),
);

/** A context in which everything a handler reaches for fails. */
function broken(version: number, error: unknown): RequestContext {
  const { context } = new TestCluster().client();
  const fail = () => {
    throw error;
  };
  const kinds = { partition: fail, group: fail, transaction: fail, subscription: fail };
  const objects = { ...kinds, controller: fail };
  return {
    ...context(version),
    objects,
    metadata: new Proxy({} as RequestContext['metadata'], { get: () => fail }),
    producerIds: { take: fail } as unknown as RequestContext['producerIds'],
    answers: new AnswerMemory(),
    config: new Proxy(context(version).config, {
      get: (config, name) => {
        if (name === 'nodeId') return config.nodeId;
        throw error;
      },
    }),
  };
}

describe('dispatch', () => {
  it.each(apis.map((api) => [api.name, api] as const))('serves %s', (_name, api) => {
    expect(servedBy(api)?.api).toBe(api);
  });

  it.each(everyVersion)('can say in %s %i that it failed', async (name, version, api) => {
    const { refuse } = servedBy(api)!;
    const refusal = { errorCode: ErrorCode.POLICY_VIOLATION, errorMessage: 'no' };
    const context = new TestCluster().client().context(version);
    const response = refuse(requestOf(api, version), refusal, context);
    expect(response).toBeDefined();
    const bytes = concat(encodeResponse(api, version, response!));
    const codes = codesIn(decodeResponse(api, version, bytes));
    expect(codes.length, name).toBeGreaterThan(0);
    expect(codes).toContain(ErrorCode.POLICY_VIOLATION);
  });

  it('turns a bug into UNKNOWN_SERVER_ERROR and one line', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const request = { ...defaultsOf(createTopics.request.fields), ...topicNamed('orders') };
    const response = await dispatch(createTopics, request, broken(7, new TypeError('bug')));
    expect(codesIn(response)).toEqual([ErrorCode.UNKNOWN_SERVER_ERROR]);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  it('turns weather into a code that the API repeats, without a line', async () => {
    const log = vi.spyOn(console, 'error');
    const weather = new Weather(new Error('moved'));
    const request = { ...defaultsOf(initProducerId.request.fields), transactionalId: null };
    expect(await dispatch(initProducerId, request, broken(4, weather))).toMatchObject({
      errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    });
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('hangs up rather than call a cluster empty', async () => {
    const all = { ...defaultsOf(metadata.request.fields), topics: null };
    const weather = new Weather(new Error('moved'));
    await expect(dispatch(metadata, all, broken(9, weather))).rejects.toThrow(Unanswerable);
    expect(await dispatch(metadata, all, broken(13, weather))).toMatchObject({
      errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
    });
  });

  it('refuses an API that nobody serves', async () => {
    const stranger = { ...fetch, key: 4_711, name: 'Stranger' };
    const request = defaultsOf(fetch.request.fields);
    await expect(dispatch(stranger, request, broken(4, null))).rejects.toThrow(Unanswerable);
  });
});

function topicNamed(name: string) {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  return { topics: [topic] };
}
