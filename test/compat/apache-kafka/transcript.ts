/**
 * What a broker answered, made comparable: everything that two brokers must say alike stays, and
 * what each may choose for itself (ids, addresses, the time of day) is replaced by a name that says
 * which one it was. The same id twice is the same name twice, so mix-ups show. Of an error's
 * message only counts whether there is one: the words are each broker's own.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { concat } from '../../../src/bytes/writer.ts';
import {
  controlType,
  decodeRecords,
  type RecordBatch,
  recordBatches,
} from '../../../src/protocol/records/index.ts';

/** One question of a script and what came of it. */
export interface Step {
  /** The API and its version, as in `Fetch v11`. */
  readonly label: string;
  answer: unknown;
}

/** Fields whose values a broker chooses, and what they are called instead. */
const chosen: Readonly<Record<string, string>> = {
  topicId: 'topic id',
  producerId: 'producer id',
  sessionId: 'session id',
  clusterId: 'cluster id',
  memberId: 'member id',
  leader: 'member id',
  logDir: 'log directory',
  host: 'host',
  clientHost: 'host',
  port: 'port',
};

/** What stands for "none", and is therefore nobody's choice. */
const none = new Set<unknown>([-1, '', null, ZERO_UUID]);

/** Lists whose order a broker chooses, and what they are put in order by (itself, if nothing). */
const unordered: Readonly<Record<string, readonly string[]>> = {
  'AddPartitionsToTxn resultsByPartition': ['partitionIndex'],
  'AddPartitionsToTxn resultsByTopicV3AndBelow': ['name'],
  'AlterClientQuotas entity': ['entityType'],
  'AlterClientQuotas entries': ['entity'],
  'AlterConfigs responses': ['resourceName'],
  'AlterUserScramCredentials results': ['user'],
  'CreatePartitions results': ['name'],
  'CreateTopics topics': ['name'],
  'DeleteRecords partitions': ['partitionIndex'],
  'DeleteRecords topics': ['name'],
  'DeleteTopics responses': ['name', 'topicId'],
  'DescribeClientQuotas entity': ['entityType'],
  'DescribeClientQuotas entries': ['entity'],
  'DescribeClientQuotas values': ['key'],
  'DescribeConfigs configs': ['name'],
  'DescribeProducers activeProducers': ['producerId'],
  'DescribeProducers topics': ['name'],
  'DescribeTransactions partitions': [],
  'DescribeTransactions topics': ['topic'],
  'DescribeUserScramCredentials credentialInfos': ['mechanism'],
  'DescribeUserScramCredentials results': ['user'],
  'ElectLeaders partitionResult': ['partitionId'],
  'Fetch abortedTransactions': ['firstOffset'],
  'IncrementalAlterConfigs responses': ['resourceName'],
  'ListOffsets partitions': ['partitionIndex'],
  'ListOffsets topics': ['name'],
  'ListTransactions transactionStates': ['transactionalId'],
  'Metadata topics': ['name', 'topicId'],
  'OffsetFetch topics': ['name'],
  'Produce partitionResponses': ['index'],
  'Produce responses': ['name', 'topicId'],
  'WriteTxnMarkers partitions': ['partitionIndex'],
  'WriteTxnMarkers topics': ['name'],
  'ConsumerGroupHeartbeat topicPartitions': ['topicId'],
  'ConsumerGroupHeartbeat partitions': [],
  'ConsumerGroupDescribe members': ['memberId'],
  'ConsumerGroupDescribe topicPartitions': ['topicName'],
  'ConsumerGroupDescribe partitions': [],
  'ConsumerGroupDescribe subscribedTopicNames': [],
  'ShareGroupHeartbeat topicPartitions': ['topicId'],
  'ShareGroupHeartbeat partitions': [],
  'ShareGroupDescribe members': ['memberId'],
  'ShareGroupDescribe topicPartitions': ['topicName'],
  'ShareGroupDescribe partitions': [],
  'ShareGroupDescribe subscribedTopicNames': [],
  'AlterShareGroupOffsets responses': ['topicName'],
  'AlterShareGroupOffsets partitions': ['partitionIndex'],
  'DeleteShareGroupOffsets responses': ['topicName'],
  'DescribeShareGroupOffsets topics': ['topicName'],
  'DescribeShareGroupOffsets partitions': ['partitionIndex'],
};

const text = new TextDecoder();

export class Normaliser {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #startedAt = Date.now() - 1000;
  readonly #prefix: string;

  /** `prefix` begins all names the script gave, which are its own in every run. */
  constructor(prefix: string) {
    this.#prefix = `${prefix}-`;
  }

  /** Gives a value the script knows by another name that name. */
  name(kind: 'topic id' | 'producer id', value: unknown, name: string): void {
    this.#names.set(`${kind} ${String(value)}`, name);
  }

  /** The answer of an API, or anything else, as it is compared. */
  of(value: unknown, api = ''): unknown {
    return this.#of(value, '', api);
  }

  #of(value: unknown, field: string, api: string): unknown {
    if (field === 'records') return this.#records(value as readonly Uint8Array[] | null);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) {
      return inOrder(
        value.map((one) => this.#of(one, field, api)),
        unordered[`${api} ${field}`],
      );
    }
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(withoutLaterAborts(value)).map(([name, inner]) => [
          name,
          this.#of(inner, name, api),
        ]),
      );
    }
    if (/errorMessage$/i.test(field)) return value === null || value === '' ? null : 'words';
    if (/timestamp|timeMs$/i.test(field) && this.#isNow(value)) return 'now';
    const kind = chosen[field];
    const isNone = none.has(value) || (field === 'sessionId' && value === 0);
    if (kind !== undefined && !isNone) return this.#named(kind, value);
    return typeof value === 'string' ? value.replaceAll(this.#prefix, 'my ') : value;
  }

  #isNow(value: unknown): boolean {
    return typeof value === 'number' && value >= this.#startedAt && value <= Date.now() + 1000;
  }

  #named(kind: string, value: unknown): string {
    const key = `${kind} ${String(value)}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    this.#names.set(key, `${kind} ${count}`);
    return `${kind} ${count}`;
  }

  /** Whole batches only: a broker may cut the last one where it likes. */
  #records(pieces: readonly Uint8Array[] | null): unknown {
    if (pieces === null) return null;
    return [...recordBatches(concat(pieces))].map((batch) => this.#batch(batch));
  }

  #batch(batch: RecordBatch): unknown {
    const header = {
      baseOffset: batch.baseOffset,
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      magic: batch.magic,
      isValid: batch.isValid,
      attributes: batch.attributes,
      lastOffsetDelta: batch.lastOffsetDelta,
      baseTimestamp: batch.baseTimestamp,
      maxTimestamp: batch.maxTimestamp,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      recordCount: batch.recordCount,
      sizeInBytes: batch.sizeInBytes,
    };
    const packed = batch.codec === 0 ? {} : { packed: batch.recordBytes };
    const records = batch.codec === 0 ? this.#decoded(batch) : [];
    return this.of({ ...header, ...packed, decoded: records });
  }

  #decoded(batch: RecordBatch): unknown[] {
    return [...decodeRecords(batch)].map(({ offset, timestamp, key, value, headers }) => ({
      offset,
      timestamp,
      key: batch.isControl ? `control ${String(controlType(key))} ${hex(key)}` : words(key),
      value: batch.isControl ? hex(value) : words(value),
      headers: headers.map((header) => [header.key, words(header.value)]),
    }));
  }
}

interface Fetched {
  readonly abortedTransactions?: readonly { readonly firstOffset: number }[] | null;
  readonly records?: readonly Uint8Array[] | null;
}

/** Readers look at no aborted transaction that begins after what they read; a broker may say so. */
function withoutLaterAborts<T extends Fetched>(value: T): T {
  const { abortedTransactions, records } = value;
  if (!abortedTransactions || !records) return value;
  const end = [...recordBatches(concat(records))].at(-1)?.nextOffset ?? 0;
  return {
    ...value,
    abortedTransactions: abortedTransactions.filter(({ firstOffset }) => firstOffset < end),
  };
}

function inOrder(list: readonly unknown[], by: readonly string[] | undefined): readonly unknown[] {
  if (by === undefined) return list;
  if (by.length === 0) return list.toSorted();
  const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const key = (one: unknown) =>
    by.map((name) => asText((one as Record<string, unknown>)[name])).join(' ');
  return list.toSorted((a, b) => key(a).localeCompare(key(b)));
}

function words(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : text.decode(bytes);
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}
