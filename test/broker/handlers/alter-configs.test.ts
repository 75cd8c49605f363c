import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import type { RequestContext } from '../../../src/broker/context.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { alterConfigs } from '../../../src/protocol/apis/alter-configs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../../src/protocol/schema.ts';
import { MemoryCluster } from '../memory-cluster.ts';

type Resource = readonly [type: number, name: string, configs: Record<string, string | null>];
const topicType = 2;

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

async function connect() {
  cluster = new MemoryCluster();
  const topic = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [] };
  const configs = [{ name: 'segment.ms', value: '1000000' }];
  const command = { topics: [{ ...topic, configs }], validateOnly: false };
  await cluster.memory.controller().call('createTopics', command);
  return cluster.connect();
}

/** Through the bytes of the version; one `[code, message]` a resource. */
async function alter(
  context: RequestContext,
  resources: readonly Resource[],
  validateOnly = false,
): Promise<[number, string | null][]> {
  const { apiVersion: version } = context;
  const request = {
    resources: resources.map(([resourceType, resourceName, configs]) => ({
      resourceType,
      resourceName,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })),
    validateOnly,
  };
  const sent = concat(encodeRequest(alterConfigs, version, request));
  const answer = await dispatch(alterConfigs, decodeRequest(alterConfigs, version, sent), context);
  const bytes = concat(encodeResponse(alterConfigs, version, answer));
  const { responses } = decodeResponse(alterConfigs, version, bytes);
  return responses.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]);
}

const configsOf = async ({ metadata }: RequestContext) =>
  (await metadata.recent(['orders'])).get('orders')!.configs;

describe('AlterConfigs', () => {
  it.each([0, 1, 2])('version %i: replaces all configs of a topic', async (version) => {
    const context = (await connect())(version);
    const one: Resource = [topicType, 'orders', { 'retention.ms': '5' }];
    expect(await alter(context, [one])).toEqual([[0, null]]);
    expect(await configsOf(context)).toEqual({ 'retention.ms': '5' });
    expect(await alter(context, [[topicType, 'orders', {}]])).toEqual([[0, null]]);
    expect(await configsOf(context)).toEqual({});
  });

  it('only checks when it is told to', async () => {
    const context = (await connect())(2);
    const one: Resource = [topicType, 'orders', { 'retention.ms': '5' }];
    expect(await alter(context, [one], true)).toEqual([[0, null]]);
    expect(await configsOf(context)).toEqual({ 'segment.ms': '1000000' });
  });

  const { INVALID_CONFIG, INVALID_REQUEST } = ErrorCode;
  it.each<[Resource, number, string | null]>([
    [
      [topicType, 'orders', { nonsense: '1' }],
      INVALID_CONFIG,
      'Unknown topic config name: nonsense',
    ],
    [
      [topicType, 'orders', { 'retention.ms': null, 'segment.ms': null }],
      INVALID_REQUEST,
      'Null value not supported for : retention.ms, segment.ms',
    ],
    [
      [topicType, 'missing', {}],
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      "The topic 'missing' does not exist.",
    ],
    [
      [4, '1', { 'log.retention.ms': '5', 'node.id': '2' }],
      INVALID_REQUEST,
      'Cannot update these configs dynamically: [node.id]',
    ],
    [[4, '1', {}], 0, null],
    [[8, '1', { root: 'INFO' }], INVALID_REQUEST, 'Unknown resource type 8'],
    [[16, 'm', { x: '1' }], INVALID_REQUEST, 'Unknown client metrics configuration: x'],
    [[32, 'g', { x: '1' }], INVALID_CONFIG, 'Unknown group config name: x'],
    [[3, 'x', {}], INVALID_REQUEST, 'Unknown resource type 3'],
  ])('%j: %i %s', async (resource, code, message) => {
    const context = (await connect())(2);
    expect(await alter(context, [resource])).toEqual([[code, message]]);
    expect(await configsOf(context)).toEqual({ 'segment.ms': '1000000' });
  });

  it('refuses a resource that is named twice', async () => {
    const context = (await connect())(2);
    const one: Resource = [topicType, 'orders', {}];
    const twice = [INVALID_REQUEST, 'Each resource must appear at most once.'];
    expect(await alter(context, [one, one])).toEqual([twice, twice]);
    expect(await configsOf(context)).toEqual({ 'segment.ms': '1000000' });
  });
});
