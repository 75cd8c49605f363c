import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import type { RequestContext } from '../../../src/broker/context.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { describeConfigs } from '../../../src/protocol/apis/describe-configs.ts';
import { incrementalAlterConfigs } from '../../../src/protocol/apis/incremental-alter-configs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../../src/protocol/schema.ts';
import { closedWatch } from '../../../src/runtime/watch.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { MemoryCluster } from '../memory-cluster.ts';

const [topicType, brokerType, loggerType, metricsType, groupType] = [2, 4, 8, 16, 32];
const [SET, DELETE, APPEND] = [0, 1, 2];
type Op = readonly [name: string, operation: number, value: string | null];
type Resource = readonly [type: number, name: string, ...ops: Op[]];

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

async function connect() {
  cluster = new MemoryCluster();
  const topic = { name: 'orders', numPartitions: 2, replicationFactor: 1, assignments: [] };
  const command = { topics: [{ ...topic, configs: [] }], validateOnly: false };
  await cluster.memory.controller().call('createTopics', command);
  cluster.takeAsked();
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
    resources: resources.map(([resourceType, resourceName, ...ops]) => ({
      resourceType,
      resourceName,
      configs: ops.map(([name, configOperation, value]) => ({ name, configOperation, value })),
    })),
    validateOnly,
  };
  const sent = concat(encodeRequest(incrementalAlterConfigs, version, request));
  const decoded = decodeRequest(incrementalAlterConfigs, version, sent);
  const answer = await dispatch(incrementalAlterConfigs, decoded, context);
  const bytes = concat(encodeResponse(incrementalAlterConfigs, version, answer));
  const { responses } = decodeResponse(incrementalAlterConfigs, version, bytes);
  expect(responses.map(({ resourceType, resourceName }) => [resourceType, resourceName])).toEqual(
    resources.map(([type, name]) => [type, name]),
  );
  return responses.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]);
}

async function described(context: RequestContext, key: string) {
  const resources = [{ resourceType: topicType, resourceName: 'orders', configurationKeys: [key] }];
  const request = { resources, includeSynonyms: true, includeDocumentation: false };
  const { results } = await dispatch(describeConfigs, request, { ...context, apiVersion: 4 });
  return results[0].configs[0];
}

describe('IncrementalAlterConfigs of topics', () => {
  it.each([0, 1])('version %i: changes what it names', async (version) => {
    const context = (await connect())(version);
    const ops: Op[] = [
      ['retention.ms', SET, '1234'],
      ['cleanup.policy', APPEND, 'compact'],
    ];
    expect(await alter(context, [[topicType, 'orders', ...ops]])).toEqual([[0, null]]);
    expect(await described(context, 'retention.ms')).toMatchObject({
      value: '1234',
      configSource: 1,
      synonyms: [{ name: 'retention.ms', value: '1234', source: 1 }],
    });
    expect(await described(context, 'cleanup.policy')).toMatchObject({
      value: 'delete,compact',
      synonyms: [
        { name: 'cleanup.policy', value: 'delete,compact', source: 1 },
        { name: 'log.cleanup.policy', value: 'delete', source: 5 },
      ],
    });
    await alter(context, [[topicType, 'orders', ['retention.ms', DELETE, null]]]);
    expect(await described(context, 'retention.ms')).toMatchObject({
      value: '604800000',
      configSource: 5,
    });
  });

  it('is known at once to the gateway that asked, and soon to the others', async () => {
    const context = (await connect())(1);
    const other = cluster.connect()(1);
    await other.metadata.topic('orders');
    await context.metadata.topic('orders');
    await alter(context, [[topicType, 'orders', ['retention.ms', SET, '5']]]);
    cluster.takeAsked();
    const configs = { 'retention.ms': '5' };
    expect(await context.metadata.topic('orders')).toMatchObject({ configs, configsVersion: 1 });
    expect(cluster.takeAsked()).toEqual([]);
    expect((await other.metadata.topic('orders'))?.configs).toEqual({});
    cluster.passTime(60_000);
    expect((await other.metadata.topic('orders'))?.configs).toEqual(configs);
  });

  it('only checks when it is told to', async () => {
    const context = (await connect())(1);
    const good: Resource = [topicType, 'orders', ['retention.ms', SET, '5']];
    expect(await alter(context, [good], true)).toEqual([[0, null]]);
    expect((await described(context, 'retention.ms')).configSource).toBe(5);
    const bad: Resource = [topicType, 'orders', ['retention.ms', SET, '-5']];
    expect(await alter(context, [bad], true)).toEqual([
      [
        ErrorCode.INVALID_CONFIG,
        'Invalid value -5 for configuration retention.ms: Value must be at least -1',
      ],
    ]);
  });

  it('accepts or refuses each resource by itself', async () => {
    const context = (await connect())(1);
    const results = await alter(context, [
      [topicType, 'missing', ['retention.ms', SET, '5']],
      [topicType, 'orders', ['retention.ms', SET, '5']],
      [brokerType, '1', ['node.id', SET, '2']],
    ]);
    expect(results).toEqual([
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "The topic 'missing' does not exist."],
      [0, null],
      [ErrorCode.INVALID_REQUEST, 'Cannot update these configs dynamically: [node.id]'],
    ]);
    expect((await described(context, 'retention.ms')).value).toBe('5');
  });

  it('refuses what is named twice', async () => {
    const context = (await connect())(1);
    const once: Resource = [topicType, 'orders', ['retention.ms', SET, '5']];
    const twice = [ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.'];
    expect(await alter(context, [once, [topicType, 'missing'], once])).toEqual([
      twice,
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "The topic 'missing' does not exist."],
      twice,
    ]);
    const ops: Op[] = [
      ['retention.ms', SET, '5'],
      ['retention.ms', DELETE, null],
    ];
    expect(await alter(context, [[topicType, 'orders', ...ops]])).toEqual([
      [ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys'],
    ]);
    expect((await described(context, 'retention.ms')).configSource).toBe(5);
  });

  it('refuses null values and operations that nobody knows', async () => {
    const context = (await connect())(1);
    const nulls: Op[] = [
      ['retention.ms', SET, null],
      ['cleanup.policy', APPEND, null],
      ['segment.ms', DELETE, null],
    ];
    expect(await alter(context, [[topicType, 'orders', ...nulls]])).toEqual([
      [ErrorCode.INVALID_REQUEST, 'Null value not supported for : retention.ms, cleanup.policy'],
    ]);
    const [[code]] = await alter(context, [[topicType, 'orders', ['retention.ms', 9, '5']]]);
    expect(code).toBe(ErrorCode.INVALID_REQUEST);
  });

  it('in bad weather says that there is no controller', async () => {
    const context = (await connect())(1);
    const call = async () => Promise.reject(new Weather(new Error('moved')));
    const controller = { call, watch: async () => closedWatch() };
    const objects = { ...context.objects, controller: () => controller };
    const once: Resource = [topicType, 'orders', ['retention.ms', SET, '5']];
    const [[code]] = await alter({ ...context, objects }, [once]);
    expect(code).toBe(ErrorCode.NOT_CONTROLLER);
  });
});

describe('IncrementalAlterConfigs of anything else', () => {
  const { INVALID_CONFIG, INVALID_REQUEST } = ErrorCode;
  const [retention, nothing]: Op[] = [
    ['log.retention.ms', SET, '5'],
    ['log.retention.ms', DELETE, null],
  ];

  it.each<[number, string, Op | undefined, number, string | null]>([
    [
      brokerType,
      '9',
      retention,
      INVALID_REQUEST,
      'Unexpected broker id, expected 1, but received 9',
    ],
    [brokerType, 'abc', nothing, INVALID_REQUEST, 'Node id must be an integer, but it is: abc'],
    [loggerType, '1', undefined, 0, null],
    [loggerType, '1', ['x', SET, 'INFO'], INVALID_CONFIG, 'Logger x does not exist!'],
    [loggerType, '', undefined, INVALID_REQUEST, 'Node id must be an integer, but it is: '],
    [loggerType, '9', undefined, INVALID_REQUEST, 'Unexpected node id. Expected 1, but received 9'],
    [3, 'x', undefined, INVALID_REQUEST, 'Unknown resource type 3'],
  ])('type %i %j, %j: %i %s', async (type, name, op, code, message) => {
    const context = (await connect())(1);
    const ops = op === undefined ? [] : [op];
    expect(await alter(context, [[type, name, ...ops]])).toEqual([[code, message]]);
    expect(cluster.takeAsked()).toEqual([]);
  });

  it.each<[number, string, Op | undefined, number, string | null]>([
    [brokerType, '1', undefined, 0, null],
    [brokerType, '1', nothing, 0, null],
    [brokerType, '1', retention, 0, null],
    [brokerType, '', retention, 0, null],
    [
      brokerType,
      '1',
      ['node.id', SET, '5'],
      INVALID_REQUEST,
      'Cannot update these configs dynamically: [node.id]',
    ],
    [metricsType, 'm', nothing, 0, null],
    [metricsType, 'm', ['x', SET, '5'], INVALID_REQUEST, 'Unknown client metrics configuration: x'],
    [metricsType, '', undefined, INVALID_REQUEST, "Subscription name can't be empty"],
    [groupType, 'g', nothing, 0, null],
    [groupType, 'g', ['x', SET, '5'], INVALID_CONFIG, 'Unknown group config name: x'],
    [groupType, '', undefined, INVALID_REQUEST, 'Default group resources are not allowed.'],
  ])('the controller answers for type %i %j, %j: %i %s', async (type, name, op, code, message) => {
    const context = (await connect())(1);
    const ops = op === undefined ? [] : [op];
    expect(await alter(context, [[type, name, ...ops]])).toEqual([[code, message]]);
    expect(cluster.takeAsked()).toEqual(['alterResourceConfigs']);
  });

  it('keeps what is set on a group, and answers in the order of the request', async () => {
    const context = (await connect())(1);
    const heartbeat: Op = ['consumer.heartbeat.interval.ms', SET, '6000'];
    const resources: Resource[] = [
      [groupType, 'g', heartbeat],
      [topicType, 'nobody', ['retention.ms', SET, '5']],
      [metricsType, 'm', ['interval.ms', SET, '1000']],
      [groupType, 'h', ['consumer.heartbeat.interval.ms', SET, '1']],
    ];
    const codes = (await alter(context, resources)).map(([code]) => code);
    expect(codes).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0, INVALID_CONFIG]);
    const { resources: kept } = await cluster.memory.controller().call('listResourceConfigs', {});
    expect(kept).toEqual([
      { kind: 'group', name: 'g' },
      { kind: 'clientMetrics', name: 'm' },
    ]);
    expect(await alter(context, [[groupType, 'h', heartbeat]], true)).toEqual([[0, null]]);
    expect(await alter(context, [[groupType, 'g', [heartbeat[0], DELETE, null]]])).toEqual([
      [0, null],
    ]);
    const left = await cluster.memory.controller().call('listResourceConfigs', {});
    expect(left.resources).toEqual([{ kind: 'clientMetrics', name: 'm' }]);
  });
});
