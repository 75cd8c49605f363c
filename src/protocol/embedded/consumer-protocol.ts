/**
 * What consumers tell each other through a classic group: subscriptions in JoinGroup, assignments
 * in SyncGroup, each behind its own version. The surprise: a newer version than known is read as
 * the newest known one, by Kafka's promise that later versions only append.
 */
import { DecodeError, Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import {
  array,
  bytes,
  type Fields,
  type Infer,
  int32,
  Message,
  string,
  struct,
} from '../schema.ts';

const topicPartitions = array(struct({ topic: string, partitions: array(int32) }));

const subscription = new Message(
  'ConsumerProtocolSubscription',
  {
    topics: array(string),
    userData: bytes.nullable().default(null),
    ownedPartitions: topicPartitions.since(1).ignorable(),
    generationId: int32.since(2).default(-1).ignorable(),
    rackId: string.since(3).nullable().default(null).ignorable(),
  },
  [0, 3],
  'none',
);

const assignment = new Message(
  'ConsumerProtocolAssignment',
  {
    assignedPartitions: topicPartitions,
    userData: bytes.nullable().default(null),
  },
  [0, 3],
  'none',
);

/** Both messages, for whoever compares descriptions. */
export const consumerProtocol = { subscription, assignment };

export interface ConsumerSubscription extends Infer<typeof subscription.fields> {}
export interface ConsumerAssignment extends Infer<typeof assignment.fields> {}

/**
 * Reads the metadata of a consumer in JoinGroup. Throws DecodeError: the bytes come from another
 * client.
 */
export function decodeSubscription(bytes: Uint8Array): ConsumerSubscription {
  return decodeVersioned(subscription, bytes);
}

export function encodeSubscription(version: number, value: ConsumerSubscription): Uint8Array {
  return encodeVersioned(subscription, version, value);
}

/** Reads what a leader assigned to a consumer. Throws DecodeError. */
export function decodeAssignment(bytes: Uint8Array): ConsumerAssignment {
  return decodeVersioned(assignment, bytes);
}

export function encodeAssignment(version: number, value: ConsumerAssignment): Uint8Array {
  return encodeVersioned(assignment, version, value);
}

function decodeVersioned<F extends Fields>(message: Message<F>, bytes: Uint8Array): Infer<F> {
  const reader = new Reader(bytes);
  const version = reader.int16();
  if (version < 0) throw new DecodeError(`${message.name} has no version ${version}`);
  return message.decode(Math.min(version, message.versions[1]), reader);
}

function encodeVersioned<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Infer<F>,
): Uint8Array {
  const writer = new Writer();
  writer.int16(version);
  message.encode(version, value, writer);
  return writer.joined();
}
