import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import { handleDescribeConfigs } from '../../../src/broker/handlers/describe-configs.ts';
import type { DescribeConfigsRequest } from '../../../src/protocol/apis/describe-configs.ts';
import { describeConfigs } from '../../../src/protocol/apis/describe-configs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeResponse, encodeResponse } from '../../../src/protocol/schema.ts';
import type { BrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryCluster } from '../memory-cluster.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const [topicType, brokerType, loggerType, metricsType, groupType] = [2, 4, 8, 16, 32];

async function connect(config: Partial<BrokerConfig> = {}) {
  cluster = new MemoryCluster(config);
  const configs = [{ name: 'cleanup.policy', value: 'compact' }];
  const topic = {
    name: 'orders',
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs,
  };
  const command = { topics: [topic], validateOnly: false };
  await cluster.memory.controller().call('createTopics', command);
  return cluster.connect();
}

function request(
  resourceType: number,
  resourceName: string,
  configurationKeys: string[] | null = null,
  more: Partial<DescribeConfigsRequest> = {},
): DescribeConfigsRequest {
  const resources = [{ resourceType, resourceName, configurationKeys }];
  return { resources, includeSynonyms: false, includeDocumentation: false, ...more };
}

describe('DescribeConfigs of a topic', () => {
  it('answers what the deployment said that topics have', async () => {
    const topicDefaults = { 'log.retention.ms': '3600000', 'log.retention.hours': '1' };
    const context = (await connect({ topicDefaults }))(4);
    const asked = request(topicType, 'orders', ['retention.ms'], { includeSynonyms: true });
    const { results } = await handleDescribeConfigs(asked, context);
    const synonyms = [
      { name: 'log.retention.ms', value: '3600000', source: 4 },
      { name: 'log.retention.hours', value: '1', source: 4 },
      { name: 'log.retention.hours', value: '168', source: 5 },
    ];
    expect(results[0].configs).toMatchObject([{ value: '3600000', configSource: 4, synonyms }]);
    // Partitions obey what their topic has been told.
    const topic = (await context.metadata.recent(['orders'])).get('orders');
    expect(topic?.inherited).toMatchObject({ 'retention.ms': '3600000' });
  });

  it('answers every config, with where it comes from', async () => {
    const context = (await connect())(4);
    const { results } = await handleDescribeConfigs(request(topicType, 'orders'), context);
    expect(results[0]).toMatchObject({
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      resourceType: topicType,
      resourceName: 'orders',
    });
    expect(results[0].configs).toHaveLength(37);
    expect(results[0].configs.find(({ name }) => name === 'cleanup.policy')).toEqual({
      name: 'cleanup.policy',
      value: 'compact',
      readOnly: false,
      configSource: 1,
      isSensitive: false,
      synonyms: [],
      configType: 7,
      documentation: null,
    });
  });

  it('answers the keys that are asked for, with synonyms and documentation', async () => {
    const context = (await connect({ messageMaxBytes: 500 }))(4);
    const keys = ['max.message.bytes', 'nonsense'];
    const more = { includeSynonyms: true, includeDocumentation: true };
    const asked = request(topicType, 'orders', keys, more);
    const { results } = await handleDescribeConfigs(asked, context);
    expect(results[0].configs).toMatchObject([
      {
        name: 'max.message.bytes',
        value: '500',
        configSource: 4,
        synonyms: [
          { name: 'message.max.bytes', value: '500', source: 4 },
          { name: 'message.max.bytes', value: '1048588', source: 5 },
        ],
        documentation: expect.stringMatching(/largest record batch/),
      },
    ]);
  });

  it.each([
    ['nobody', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['a b', ErrorCode.INVALID_TOPIC_EXCEPTION],
  ])('refuses %s', async (name, errorCode) => {
    const context = (await connect())(4);
    const { results } = await handleDescribeConfigs(request(topicType, name), context);
    expect(results).toMatchObject([{ errorCode, resourceName: name, configs: [] }]);
  });
});

describe('DescribeConfigs of the broker', () => {
  it('answers what is set and what is not', async () => {
    const context = (await connect({ nodeId: 3, numPartitions: 6 }))(4);
    const keys = ['num.partitions', 'node.id', 'advertised.listeners', 'delete.topic.enable'];
    const { results } = await handleDescribeConfigs(request(brokerType, '3', keys), context);
    const configs = results[0].configs.map(({ name, value, configSource, readOnly }) => [
      name,
      value,
      configSource,
      readOnly,
    ]);
    expect(configs).toEqual([
      ['advertised.listeners', 'PLAINTEXT://localhost:9092', 4, true],
      ['delete.topic.enable', 'true', 5, true],
      ['node.id', '3', 4, true],
      ['num.partitions', '6', 4, true],
    ]);
  });

  it('has no defaults for all brokers', async () => {
    const context = (await connect())(4);
    const { results } = await handleDescribeConfigs(request(brokerType, ''), context);
    expect(results).toMatchObject([{ errorCode: ErrorCode.NONE, configs: [] }]);
  });

  it('tells what was set while it runs, here, in the defaults of all and in topics', async () => {
    const context = (await connect())(4);
    const set = async (name: string, configs: Record<string, string>) => {
      const changes = Object.entries(configs).map(([config, value]) => ({
        name: config,
        operation: 0,
        value,
      }));
      const resources = [{ kind: 'broker' as const, name, replaces: false, changes }];
      const command = { resources, validateOnly: false };
      await cluster.memory.controller().call('alterResourceConfigs', command);
    };
    await set('1', { 'log.retention.ms': ' 5000', 'made.up': 'secret' });
    await set('', { 'log.retention.ms': '7000', 'leader.replication.throttled.rate': '9' });
    const described = async (type: number, name: string, keys: string[] | null = null) => {
      const asked = request(type, name, keys, { includeSynonyms: true });
      const { results } = await handleDescribeConfigs(asked, context);
      return results[0].configs.map(({ documentation: _, ...config }) => config);
    };
    const value = { readOnly: false, isSensitive: false, configType: 5 };
    const inherited = [
      { name: 'log.retention.ms', value: ' 5000', source: 2 },
      { name: 'log.retention.ms', value: '7000', source: 3 },
      { name: 'log.retention.hours', value: '168', source: 5 },
    ];
    const own = { value: '5000', configSource: 2, ...value, synonyms: inherited };
    expect(await described(brokerType, '1', ['log.retention.ms'])).toEqual([
      { name: 'log.retention.ms', ...own },
    ]);
    expect(await described(topicType, 'orders', ['retention.ms'])).toEqual([
      { name: 'retention.ms', ...own },
    ]);
    const rate = { name: 'leader.replication.throttled.rate', value: '9' };
    expect(await described(brokerType, '')).toEqual([
      {
        name: 'log.retention.ms',
        value: '7000',
        configSource: 3,
        ...value,
        synonyms: inherited.slice(1, 2),
      },
      { ...rate, configSource: 3, ...value, synonyms: [{ ...rate, source: 3 }] },
    ]);
    expect(await described(brokerType, '1', ['made.up'])).toEqual([
      {
        name: 'made.up',
        value: null,
        readOnly: true,
        configSource: 2,
        isSensitive: true,
        synonyms: [{ name: 'made.up', value: null, source: 2 }],
        configType: 0,
      },
    ]);
  });

  it.each([
    [brokerType, '2', 'Unexpected broker id, expected 1 or empty string, but received 2'],
    [brokerType, 'x', 'Broker id must be an integer, but it is: x'],
    [loggerType, '', 'Broker id must not be empty'],
    [loggerType, '2', 'Unexpected broker id, expected 1 but received 2'],
    [metricsType, '', 'Client metrics subscription name must not be empty'],
    [groupType, '', 'Group name must not be empty'],
  ])('refuses type %d, name %j', async (type, name, errorMessage) => {
    const context = (await connect())(4);
    const { results } = await handleDescribeConfigs(request(type, name), context);
    const errorCode = ErrorCode.INVALID_REQUEST;
    expect(results).toMatchObject([{ errorCode, errorMessage, configs: [] }]);
  });
});

describe('DescribeConfigs', () => {
  it('has nothing set for loggers', async () => {
    const context = (await connect())(4);
    const { results } = await handleDescribeConfigs(request(loggerType, '1'), context);
    expect(results).toMatchObject([{ errorCode: ErrorCode.NONE, configs: [] }]);
  });

  it.each([
    ['group', groupType, 'consumer.session.timeout.ms', '50000', '45000', 8],
    ['clientMetrics', metricsType, 'interval.ms', '1000', '300000', 7],
  ] as const)('says what is set on a %s, and what is not', async (...row) => {
    const [kind, type, config, value, preset, source] = row;
    const context = (await connect())(4);
    const found = async () => {
      const { results } = await handleDescribeConfigs(request(type, 'any'), context);
      return results[0].configs.find(({ name }) => name === config);
    };
    expect(await found()).toMatchObject({ value: preset, configSource: 5, readOnly: false });
    const changes = [{ name: config, operation: 0, value }];
    const resource = { kind, name: 'any', replaces: false, changes };
    const command = { resources: [resource], validateOnly: false };
    await cluster.memory.controller().call('alterResourceConfigs', command);
    expect(await found()).toMatchObject({ value, configSource: source, readOnly: false });
  });

  it('asks for all that is named at once', async () => {
    const context = (await connect())(4);
    cluster.takeAsked();
    const named = (resourceType: number, names: string[]) =>
      names.map((resourceName) => ({ resourceType, resourceName, configurationKeys: [] }));
    const topics = Array.from({ length: 50 }, (_, i) => `missing-${i}`);
    const resources = [
      ...named(topicType, ['orders', ...topics, 'a b']),
      ...named(groupType, ['g', 'h']),
      ...named(brokerType, ['1', '']),
      ...named(metricsType, ['m']),
    ];
    const asked = { ...request(topicType, 'orders'), resources };
    const { results } = await handleDescribeConfigs(asked, context);
    expect(results.map(({ resourceName }) => resourceName)).toEqual(
      resources.map(({ resourceName }) => resourceName),
    );
    expect(results.filter(({ errorCode }) => errorCode === 0)).toHaveLength(6);
    expect(cluster.takeAsked().sort()).toEqual(['describeResourceConfigs', 'getTopics']);
  });

  it('refuses the whole request for a type that Kafka does not have', async () => {
    const context = (await connect())(4);
    const { resources } = request(99, 'x');
    const asked = { ...request(topicType, 'orders'), resources };
    const { results } = await dispatch(describeConfigs, asked, context);
    expect(results).toMatchObject([
      {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: 'Unexpected resource type UNKNOWN for resource x',
      },
    ]);
  });

  it('can be encoded in every version', async () => {
    const contexts = await connect();
    for (let version = 1; version <= 4; version++) {
      const asked = request(topicType, 'orders', null, { includeSynonyms: true });
      const response = await handleDescribeConfigs(asked, contexts(version));
      const bytes = Buffer.concat(encodeResponse(describeConfigs, version, response));
      const { results } = decodeResponse(describeConfigs, version, new Uint8Array(bytes));
      expect(results[0].configs).toHaveLength(37);
    }
  });
});
