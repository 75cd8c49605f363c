/**
 * Every error of Kafka in one table: name, code, whether a client may try again, and what it is
 * over HTTP. Handlers and core throw `KafkaError`; two boundaries turn it into a code. The
 * surprise: -1 is an error and 0 is "no error".
 */

interface Row<Code extends number = number> {
  readonly code: Code;
  readonly httpStatus: number;
  readonly restCode: number;
  readonly retriable: boolean;
  readonly message: string;
}

/**
 * One family of errors: an HTTP status and the REST Proxy v2 code its members have unless they say
 * otherwise.
 */
const family =
  (httpStatus: number, restCode: number) =>
  <const Code extends number>(code: Code, message: string, ownRestCode = restCode): Row<Code> => ({
    code,
    httpStatus,
    restCode: ownRestCode,
    retriable: false,
    message,
  });

/** Clients of Kafka send the request again by themselves. */
const retry = <Code extends number>(row: Row<Code>): Row<Code> => ({
  ...row,
  restCode: row.restCode === 50002 ? 50003 : row.restCode,
  retriable: true,
});

const invalid = family(400, 40002);
const unauthenticated = family(401, 40101);
const forbidden = family(403, 40301);
const unknown = family(404, 50002);
const conflict = family(409, 50002);
const fenced = family(412, 50002);
const tooLarge = family(413, 413);
const unsupported = family(415, 40002);
const outOfRange = family(416, 50002);
const throttled = family(429, 42901);
const failed = family(500, 50002);
const notImplemented = family(501, 40002);
const unavailable = family(503, 50302);
const timedOut = family(504, 50002);

const table = {
  UNKNOWN_SERVER_ERROR: failed(-1, 'The broker failed in a way it did not expect.'),
  NONE: { code: 0, httpStatus: 200, restCode: 200, retriable: false, message: 'No error.' },
  OFFSET_OUT_OF_RANGE: outOfRange(1, 'The offset lies outside what the partition holds.'),
  CORRUPT_MESSAGE: retry(
    invalid(2, 'A record batch is damaged: checksum, size or layout is wrong.'),
  ),
  UNKNOWN_TOPIC_OR_PARTITION: retry(unknown(3, 'There is no such topic or partition.', 40401)),
  INVALID_FETCH_SIZE: invalid(4, 'The size asked for is not valid.'),
  LEADER_NOT_AVAILABLE: retry(unavailable(5, 'The partition has no leader yet.', 40404)),
  NOT_LEADER_OR_FOLLOWER: retry(unavailable(6, 'This broker does not host the partition.')),
  REQUEST_TIMED_OUT: retry(timedOut(7, 'The request was not finished in time.')),
  BROKER_NOT_AVAILABLE: unavailable(8, 'The broker is not available.'),
  REPLICA_NOT_AVAILABLE: retry(unavailable(9, 'The replica is not available.')),
  MESSAGE_TOO_LARGE: tooLarge(10, 'The record batch is larger than max.message.bytes.'),
  STALE_CONTROLLER_EPOCH: fenced(11, 'The controller has moved on to a newer epoch.'),
  OFFSET_METADATA_TOO_LARGE: tooLarge(12, 'The metadata of a committed offset is too large.'),
  NETWORK_EXCEPTION: retry(unavailable(13, 'The connection broke before the answer came.')),
  COORDINATOR_LOAD_IN_PROGRESS: retry(unavailable(14, 'The coordinator is still loading.')),
  COORDINATOR_NOT_AVAILABLE: retry(unavailable(15, 'The coordinator is not available.')),
  NOT_COORDINATOR: retry(unavailable(16, 'This is not the coordinator in charge.')),
  INVALID_TOPIC_EXCEPTION: invalid(17, 'The topic name is not valid, or the topic is off limits.'),
  RECORD_LIST_TOO_LARGE: tooLarge(18, 'The record batch is larger than a segment may be.'),
  NOT_ENOUGH_REPLICAS: retry(unavailable(19, 'Too few replicas are in sync.')),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retry(unavailable(20, 'Written, but to too few replicas.')),
  INVALID_REQUIRED_ACKS: invalid(21, 'acks must be 0, 1 or -1 (all).'),
  ILLEGAL_GENERATION: fenced(22, 'The generation is not the current one of the group.'),
  INCONSISTENT_GROUP_PROTOCOL: conflict(23, 'The group shares no protocol with this member.'),
  INVALID_GROUP_ID: invalid(24, 'The group id is not valid.'),
  UNKNOWN_MEMBER_ID: unknown(25, 'The group does not know this member.'),
  INVALID_SESSION_TIMEOUT: invalid(26, 'The session timeout is outside the range of the broker.'),
  REBALANCE_IN_PROGRESS: conflict(27, 'The group is rebalancing: join again.'),
  INVALID_COMMIT_OFFSET_SIZE: tooLarge(28, 'The committed offset is too large to store.'),
  TOPIC_AUTHORIZATION_FAILED: forbidden(29, 'Not allowed to use this topic.'),
  GROUP_AUTHORIZATION_FAILED: forbidden(30, 'Not allowed to use this group.'),
  CLUSTER_AUTHORIZATION_FAILED: forbidden(31, 'Not allowed to do this to the cluster.'),
  INVALID_TIMESTAMP: invalid(32, 'A timestamp lies outside the range the topic accepts.'),
  UNSUPPORTED_SASL_MECHANISM: unauthenticated(33, 'The SASL mechanism is not offered here.'),
  ILLEGAL_SASL_STATE: unauthenticated(34, 'This request is not valid at this point of SASL.'),
  UNSUPPORTED_VERSION: notImplemented(35, 'This version of the API is not supported.'),
  TOPIC_ALREADY_EXISTS: conflict(36, 'A topic of this name exists already.', 40002),
  INVALID_PARTITIONS: invalid(37, 'The number of partitions is not valid.'),
  INVALID_REPLICATION_FACTOR: invalid(38, 'The replication factor is not valid.'),
  INVALID_REPLICA_ASSIGNMENT: invalid(39, 'The replica assignment is not valid.'),
  INVALID_CONFIG: invalid(40, 'The configuration is not valid.'),
  NOT_CONTROLLER: retry(unavailable(41, 'This is not the controller in charge.')),
  INVALID_REQUEST: invalid(42, 'The request is not valid.'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: unsupported(43, 'The format of the log does not allow this.'),
  POLICY_VIOLATION: invalid(44, 'A policy of the broker refuses this.'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: conflict(45, 'The sequence number does not follow the last one.'),
  DUPLICATE_SEQUENCE_NUMBER: conflict(46, 'The sequence number was used before.'),
  INVALID_PRODUCER_EPOCH: fenced(47, 'A producer with a newer epoch has taken over.'),
  INVALID_TXN_STATE: conflict(48, 'The transaction is not in a state that allows this.'),
  INVALID_PRODUCER_ID_MAPPING: fenced(49, 'The producer id is not that of the transactional id.'),
  INVALID_TRANSACTION_TIMEOUT: invalid(50, 'The transaction timeout is longer than allowed.'),
  CONCURRENT_TRANSACTIONS: retry(conflict(51, 'The last transaction is still completing.')),
  TRANSACTION_COORDINATOR_FENCED: fenced(52, 'A newer transaction coordinator is in charge.'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: forbidden(53, 'Not allowed to use this transactional id.'),
  SECURITY_DISABLED: invalid(54, 'Security features are switched off.'),
  OPERATION_NOT_ATTEMPTED: conflict(55, 'Not tried, because another part of the request failed.'),
  KAFKA_STORAGE_ERROR: retry(failed(56, 'The storage of the partition failed.')),
  LOG_DIR_NOT_FOUND: unknown(57, 'There is no such log directory.'),
  SASL_AUTHENTICATION_FAILED: unauthenticated(58, 'Authentication failed.'),
  UNKNOWN_PRODUCER_ID: unknown(59, 'The partition no longer knows this producer id.'),
  REASSIGNMENT_IN_PROGRESS: conflict(60, 'The partition is being reassigned.'),
  DELEGATION_TOKEN_AUTH_DISABLED: invalid(61, 'Delegation tokens are switched off.'),
  DELEGATION_TOKEN_NOT_FOUND: unknown(62, 'There is no such delegation token.'),
  DELEGATION_TOKEN_OWNER_MISMATCH: forbidden(63, 'The delegation token belongs to someone else.'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: forbidden(64, 'Delegation tokens need a safer connection.'),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: forbidden(65, 'Not allowed to use this delegation token.'),
  DELEGATION_TOKEN_EXPIRED: unauthenticated(66, 'The delegation token has expired.'),
  INVALID_PRINCIPAL_TYPE: invalid(67, 'The type of the principal is not known.'),
  NON_EMPTY_GROUP: conflict(68, 'The group still has members.'),
  GROUP_ID_NOT_FOUND: unknown(69, 'There is no such group.', 40405),
  FETCH_SESSION_ID_NOT_FOUND: retry(unknown(70, 'There is no such fetch session.')),
  INVALID_FETCH_SESSION_EPOCH: retry(
    conflict(71, 'The epoch of the fetch session is not expected.'),
  ),
  LISTENER_NOT_FOUND: retry(unknown(72, 'The leader has no listener of this name.')),
  TOPIC_DELETION_DISABLED: forbidden(73, 'Deleting topics is switched off.', 40002),
  FENCED_LEADER_EPOCH: retry(fenced(74, 'The leader epoch is older than that of the partition.')),
  UNKNOWN_LEADER_EPOCH: retry(fenced(75, 'The leader epoch is newer than that of the partition.')),
  UNSUPPORTED_COMPRESSION_TYPE: unsupported(76, 'The compression type is not supported here.'),
  STALE_BROKER_EPOCH: fenced(77, 'The broker epoch is not the current one.'),
  OFFSET_NOT_AVAILABLE: retry(unavailable(78, 'The high watermark has not caught up yet.')),
  MEMBER_ID_REQUIRED: invalid(79, 'Join again with the member id in this answer.'),
  PREFERRED_LEADER_NOT_AVAILABLE: retry(unavailable(80, 'The preferred leader is not available.')),
  GROUP_MAX_SIZE_REACHED: conflict(81, 'The group has as many members as it may have.'),
  FENCED_INSTANCE_ID: fenced(82, 'Another member has taken over this group instance id.'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retry(unavailable(83, 'No replica may become the leader.')),
  ELECTION_NOT_NEEDED: retry(conflict(84, 'The partition needs no election.')),
  NO_REASSIGNMENT_IN_PROGRESS: conflict(85, 'The partition is not being reassigned.'),
  GROUP_SUBSCRIBED_TO_TOPIC: conflict(86, 'The group still consumes this topic.'),
  INVALID_RECORD: invalid(87, 'The broker refuses a record of the batch.'),
  UNSTABLE_OFFSET_COMMIT: retry(conflict(88, 'A transaction may still change the offsets.')),
  THROTTLING_QUOTA_EXCEEDED: retry(throttled(89, 'The quota is used up for now.')),
  PRODUCER_FENCED: fenced(90, 'A newer producer of the same transactional id has taken over.'),
  RESOURCE_NOT_FOUND: unknown(91, 'There is no such resource.'),
  DUPLICATE_RESOURCE: conflict(92, 'The resource exists already, or is named twice.'),
  UNACCEPTABLE_CREDENTIAL: invalid(93, 'The credential does not meet the rules.'),
  INCONSISTENT_VOTER_SET: conflict(94, 'The voters do not agree with those of the other side.'),
  INVALID_UPDATE_VERSION: invalid(95, 'The update carries a version that is not valid.'),
  FEATURE_UPDATE_FAILED: failed(96, 'The features could not be updated.'),
  PRINCIPAL_DESERIALIZATION_FAILURE: invalid(97, 'A forwarded principal could not be read.'),
  SNAPSHOT_NOT_FOUND: unknown(98, 'There is no such snapshot.'),
  POSITION_OUT_OF_RANGE: outOfRange(99, 'The position is not within the snapshot.'),
  UNKNOWN_TOPIC_ID: retry(unknown(100, 'There is no topic with this id.', 40401)),
  DUPLICATE_BROKER_REGISTRATION: conflict(101, 'A broker with this id is registered already.'),
  BROKER_ID_NOT_REGISTERED: unknown(102, 'No broker with this id is registered.'),
  INCONSISTENT_TOPIC_ID: retry(conflict(103, 'The topic has another id than the request says.')),
  INCONSISTENT_CLUSTER_ID: conflict(104, 'The cluster has another id than the request says.'),
  TRANSACTIONAL_ID_NOT_FOUND: unknown(105, 'There is no such transactional id.'),
  FETCH_SESSION_TOPIC_ID_ERROR: retry(conflict(106, 'A fetch session mixes topic names and ids.')),
  INELIGIBLE_REPLICA: conflict(107, 'The replica may not join those in sync.'),
  NEW_LEADER_ELECTED: conflict(108, 'The change gave the partition a new leader.'),
  OFFSET_MOVED_TO_TIERED_STORAGE: outOfRange(109, 'The offset has moved to tiered storage.'),
  FENCED_MEMBER_EPOCH: fenced(110, 'The member epoch is not valid: leave and join again.'),
  UNRELEASED_INSTANCE_ID: conflict(111, 'Another member still holds this group instance id.'),
  UNSUPPORTED_ASSIGNOR: invalid(112, 'The group does not support this assignor.'),
  STALE_MEMBER_EPOCH: fenced(113, 'The member epoch is old: heartbeat, then try again.'),
  MISMATCHED_ENDPOINT_TYPE: invalid(114, 'The request was sent to the wrong kind of endpoint.'),
  UNSUPPORTED_ENDPOINT_TYPE: invalid(115, 'The kind of endpoint is not known.'),
  UNKNOWN_CONTROLLER_ID: unknown(116, 'There is no such controller.'),
  UNKNOWN_SUBSCRIPTION_ID: unknown(117, 'The telemetry subscription is not the current one.'),
  TELEMETRY_TOO_LARGE: tooLarge(118, 'The telemetry is larger than the broker accepts.'),
  INVALID_REGISTRATION: invalid(119, 'The registration of the controller is not valid.'),
  TRANSACTION_ABORTABLE: conflict(120, 'Something failed: abort the transaction to go on.'),
  INVALID_RECORD_STATE: conflict(121, 'The record is not in a state to acknowledge it.'),
  SHARE_SESSION_NOT_FOUND: retry(unknown(122, 'There is no such share session.')),
  INVALID_SHARE_SESSION_EPOCH: retry(
    conflict(123, 'The epoch of the share session is not expected.'),
  ),
  FENCED_STATE_EPOCH: fenced(124, 'The state epoch is older than that of the share group.'),
  INVALID_VOTER_KEY: invalid(125, 'The key of the voter does not match.'),
  DUPLICATE_VOTER: conflict(126, 'The voter is in the set already.'),
  VOTER_NOT_FOUND: unknown(127, 'The voter is not in the set.'),
  INVALID_REGULAR_EXPRESSION: invalid(128, 'The regular expression is not valid.'),
  REBOOTSTRAP_REQUIRED: fenced(129, 'The client must start again from its bootstrap servers.'),
  STREAMS_INVALID_TOPOLOGY: invalid(130, 'The topology is not valid.'),
  STREAMS_INVALID_TOPOLOGY_EPOCH: invalid(131, 'The epoch of the topology is not valid.'),
  STREAMS_TOPOLOGY_FENCED: fenced(132, 'The group has moved on to a newer topology.'),
  SHARE_SESSION_LIMIT_REACHED: retry(
    unavailable(133, 'There are as many share sessions as allowed.'),
  ),
  GROUP_DELETION_FAILED: failed(134, 'The group could not be deleted.'),
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: failed(
    135,
    'The description of the topology could not be stored.',
  ),
  CONTROLLER_ID_NOT_REGISTERED: unknown(136, 'No controller with this id is registered.'),
} as const satisfies Record<string, Row>;

export type ErrorName = keyof typeof table;

/** Kafka's name of an error → its code on the wire. */
export const ErrorCode = Object.fromEntries(
  Object.entries(table).map(([name, row]) => [name, row.code]),
  // Object.fromEntries forgets the keys; the table above has each of them.
) as { readonly [Name in ErrorName]: (typeof table)[Name]['code'] };

export interface ErrorInfo extends Row {
  readonly name: ErrorName;
}

const byCode = new Map<number, ErrorInfo>(
  Object.entries(table).map(([name, row]) => [row.code, { name: name as ErrorName, ...row }]),
);

/**
 * What is known of a code; a code Kafka does not have counts as UNKNOWN_SERVER_ERROR, as in Kafka's
 * own clients.
 */
export function errorInfo(code: number): ErrorInfo {
  return byCode.get(code) ?? byCode.get(ErrorCode.UNKNOWN_SERVER_ERROR)!;
}

/**
 * A refusal: thrown in core or in a handler, answered as its code, and thrown again by the client
 * that is answered. `message` defaults to the one of the table.
 */
export class KafkaError extends Error {
  readonly code: number;

  constructor(code: number, message?: string, options?: ErrorOptions) {
    const info = errorInfo(code);
    super(message ?? info.message, options);
    this.name = info.name;
    this.code = code;
  }

  /** Whether the same request may succeed when it is sent again. */
  get retriable(): boolean {
    return errorInfo(this.code).retriable;
  }
}
