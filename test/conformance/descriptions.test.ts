/**
 * Every description against Kafka's own definitions: fields, order, versions, types, nullability,
 * defaults, tags. The definitions lie beside the repository; without them nothing can be compared,
 * which is said loudly, and in CI is a failure.
 */
import { describe, expect, it } from 'vitest';
import { apis } from '../../src/protocol/apis/index.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { consumerProtocol } from '../../src/protocol/embedded/consumer-protocol.ts';
import {
  type ApiDescription,
  api,
  array,
  type Fields,
  int8,
  int32,
  string,
  struct,
} from '../../src/protocol/schema.ts';
import {
  apiDifferences,
  jsonFolder,
  jsonIsThere,
  kafkaMessage,
  messageDifferences,
} from './kafka-json.ts';

describe('descriptions', () => {
  if (!jsonIsThere) {
    it('cannot be compared with Kafka here: its definitions are not beside the repository', () => {
      console.warn(`WARNING: nothing was compared with Kafka's definitions: no ${jsonFolder}`);
      expect(process.env.CI, 'CI must have the definitions').not.toBe('true');
    });
    return;
  }

  for (const each of apis) {
    it(`of ${each.name} is Kafka's`, () => {
      expect(apiDifferences(each)).toEqual([]);
    });
  }

  for (const message of Object.values(consumerProtocol)) {
    it(`of ${message.name} is Kafka's`, () => {
      expect(messageDifferences(message, kafkaMessage(message.name))).toEqual([]);
    });
  }

  it('differ from each other in key and name', () => {
    expect(new Set(apis.map(({ key }) => key)).size).toBe(apis.length);
    expect(new Set(apis.map(({ name }) => name)).size).toBe(apis.length);
  });
});

/** Metadata with its description changed, as a careless edit might. */
function changedMetadata(change: Partial<ApiDescription<Fields, Fields>>, key = 3): string[] {
  const { versions, flexible, request, response } = metadata;
  const description: ApiDescription<Fields, Fields> = {
    versions,
    flexible,
    request: request.fields,
    response: response.fields,
    ...change,
  };
  return apiDifferences(api(key, 'Metadata', description));
}

/** Metadata's request with other fields. */
const changedRequest = (fields: Fields): string[] =>
  changedMetadata({ request: { ...metadata.request.fields, ...fields } });

function comparisonNotices(): void {
  const { fields } = metadata.request;

  it('nothing when nothing was changed', () => {
    expect(changedMetadata({})).toEqual([]);
  });

  it('another key, version range or first flexible version', () => {
    expect(changedMetadata({}, 4)).not.toEqual([]);
    expect(changedMetadata({ versions: [0, 14] })).not.toEqual([]);
    expect(changedMetadata({ flexible: 8 })).not.toEqual([]);
    expect(changedMetadata({ flexible: 'none' })).not.toEqual([]);
  });

  it('a field that is missing, invented, renamed or out of order', () => {
    const { topics, ...others } = fields;
    expect(changedMetadata({ request: others })).not.toEqual([]);
    expect(changedRequest({ colour: int32 })).not.toEqual([]);
    expect(changedMetadata({ request: { ...others, topic: topics } })).not.toEqual([]);
    expect(changedMetadata({ request: { ...others, topics } })).not.toEqual([]);
  });

  it('another type, nullability, default, first or last version, or ignorability', () => {
    const auto = fields.allowAutoTopicCreation;
    const differences = [
      changedRequest({ allowAutoTopicCreation: int8.since(4).default(1) }),
      changedRequest({ allowAutoTopicCreation: auto.default(false) }),
      changedRequest({ allowAutoTopicCreation: auto.since(5) }),
      changedRequest({ allowAutoTopicCreation: auto.nullable(4) }),
      changedRequest({ allowAutoTopicCreation: auto.ignorable() }),
      changedRequest({ topics: fields.topics.nullable(2) }),
      changedRequest({
        includeClusterAuthorizedOperations: fields.includeClusterAuthorizedOperations.until(11),
      }),
    ];
    for (const found of differences) expect(found).not.toEqual([]);
  });

  it('a change deep inside, and says where', () => {
    const topics = array(
      struct({ topicId: string.since(10).ignorable(), name: string.nullable(10) }),
    ).nullable(1);
    const found = changedRequest({ topics });
    expect(found).toContain('MetadataRequest v10 topics topicId: type is string, in Kafka uuid');
  });

  it('another tag, or a tag where there is none', () => {
    const { response } = produce;
    const change = (nodeEndpoints: Fields[string]): string[] =>
      messageDifferences(
        api(0, 'Produce', {
          versions: produce.versions,
          flexible: produce.flexible,
          request: produce.request.fields,
          response: { ...response.fields, nodeEndpoints },
        }).response,
        kafkaMessage('ProduceResponse'),
      );
    expect(change(response.fields.nodeEndpoints)).toEqual([]);
    expect(change(response.fields.nodeEndpoints.tag(1))).not.toEqual([]);
    expect(change(response.fields.nodeEndpoints.tag(0, 11))).not.toEqual([]);
  });
}

if (jsonIsThere) describe('the comparison notices', comparisonNotices);
