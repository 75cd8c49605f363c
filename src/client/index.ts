/**
 * `kedge/client`: Kafka for programs in Workers, Node.js, Deno, Bun and browsers, by a service
 * binding, HTTP or WebSocket. The surprise: it speaks Kafka's own protocol over all three, so what
 * it does is what any Kafka client does.
 */
export { KafkaError } from '../protocol/errors.ts';
export { Admin } from './admin/admin.ts';
export type { GroupDescription, GroupListing } from './admin/groups.ts';
export type { Acl, AclFilter } from './admin/security.ts';
export type {
  ConfigChange,
  ConfigEntry,
  ConfigResource,
  NewTopic,
  TopicDescription,
} from './admin/topics.ts';
export type { KedgeBinding, KedgeConnection } from './binding.ts';
export type { Channel, Credentials, Transport } from './channel.ts';
export type { Compression } from './compression.ts';
export { Consumer } from './consumer/consumer.ts';
export type {
  ConsumerBatch,
  ConsumerOptions,
  ConsumerRecord,
  PartitionRead,
  Start,
  TopicPartition,
} from './consumer/options.ts';
export type { OffsetAt } from './offsets.ts';
export type { Cancellable, ConnectionOptions } from './options.ts';
export type {
  HeadersInput,
  ProducerOptions,
  ProducerRecord,
  RecordMetadata,
} from './producer/options.ts';
export { Producer } from './producer/producer.ts';
export type { GroupMetadata, TopicPartitionOffset } from './producer/transaction.ts';
export type { PushBatch, PushMessage, RetryOptions } from './push/batch.ts';
export {
  Queue,
  type QueueMetrics,
  type QueueOptions,
  type QueueResponse,
  type SendOptions,
  type SendRequest,
} from './push/queue.ts';
export {
  answerWebhook,
  type VerifyOptions,
  verifyWebhook,
  WebhookVerificationError,
} from './push/webhook.ts';
export { bytes, type Deserializer, json, type Serde, type Serializer, text } from './serdes.ts';
export type { Connection } from './transport.ts';
