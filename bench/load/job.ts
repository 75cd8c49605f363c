/**
 * What the load generator is asked to do (one Job, a line of JSON on standard input) and what it
 * answers (one Report, a line of JSON on standard output). The surprise: the same job is the same
 * bytes for every system, so a job says nothing of the system but how it is spoken to.
 */
import type { Codec } from '../../src/bytes/compression.ts';

/** `bare`: no Kafka, but the frames of bench/speed/bare/dialect.ts. */
export type Dialect = 'kafka' | 'bare';

export type CodecName = Lowercase<keyof typeof Codec>;

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly dialect: Dialect;
  readonly topic: string;
  readonly partitions: number;
  /** Makes the topic first, by CreateTopics (dialect kafka); it must not exist yet. */
  readonly create?: boolean;
  /** How long is measured. A job ends by this or by `records`, whichever comes first. */
  readonly seconds?: number;
  /** How many records are measured. */
  readonly records?: number;
  /** How long it works before anything is measured: this comes on top. Default 0. */
  readonly warmUpSeconds?: number;
  /** How many records are moved before anything is measured, however long that takes. Default 0. */
  readonly warmUpRecords?: number;
  /** Processes of the system under load: their processor time in what is measured is reported. */
  readonly pids?: readonly number[];
}

/** Record batches as fast as they are taken, acks=all. */
export interface ProduceJob extends Target {
  readonly kind: 'produce';
  /** Bytes of each value; records have no key. */
  readonly recordBytes: number;
  /**
   * A batch holds as many records as fit in so many bytes, at least one. As in Java's producer,
   * what counts is what it has when it is compressed.
   */
  readonly batchBytes: number;
  readonly codec: CodecName;
  /** Requests under way on each connection. */
  readonly inFlight: number;
  /** Each is a producer of its own. */
  readonly connections: number;
  /**
   * Partitions written by one request, one batch each. Default: as many as fit in 1 MiB, which is
   * how Java's producer does it; librdkafka's has 1.
   */
  readonly partitionsPerRequest?: number;
  /** Default true, as clients do: producer id and sequences in every batch. */
  readonly idempotent?: boolean;
}

/** One record at a time, acks=all, the next when the last was answered. */
export interface OneJob extends Target {
  readonly kind: 'one';
  readonly recordBytes: number;
  /** How many do so side by side, each with a connection of its own. Default 1. */
  readonly connections?: number;
  /** Default true. */
  readonly idempotent?: boolean;
}

/**
 * From the first offset to the end, as fast as answers come, one request under way a connection.
 * With `seconds` or `records` it begins anew at the end, until these are over.
 */
export interface FetchJob extends Target {
  readonly kind: 'fetch';
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  /** Partitions are shared among them; each reads all of it in dialect bare. Default 1. */
  readonly connections?: number;
}

/** One record every so often, and a consumer that waits for it: from send to arrival. */
export interface TailJob extends Target {
  readonly kind: 'tail';
  readonly recordBytes: number;
  readonly everyMs: number;
}

/**
 * Members of a group join, share the partitions, and read them from the first offset to the end;
 * offsets are committed as clients do. Ends when all has been read. What is measured begins when
 * all have been told what is theirs.
 */
export interface GroupJob extends Target {
  readonly kind: 'group';
  /** Default: one that nobody has seen before. */
  readonly groupId?: string;
  readonly members: number;
  /** Default 50 MiB. */
  readonly maxBytes?: number;
  /** Default 1 MiB. */
  readonly partitionMaxBytes?: number;
  /** Default 5,000. */
  readonly commitEveryMs?: number;
}

/** Opens connections, each asks ApiVersions; reports, and holds them until standard input ends. */
export interface IdleJob extends Target {
  readonly kind: 'idle';
  readonly connections: number;
}

/** One transaction after another: a batch to each partition, then a commit. */
export interface TransactionsJob extends Target {
  readonly kind: 'transactions';
  readonly recordBytes: number;
  /** To each partition. Default 1. */
  readonly recordsPerPartition?: number;
  /** How many do so side by side. Default 1. */
  readonly connections?: number;
}

/** Records over HTTP: POSTs of JSON, the next on a connection when the last was answered. */
export interface HttpJob extends Target {
  readonly kind: 'http';
  /** What takes the POST; host and port are read from here. */
  readonly url: string;
  readonly recordBytes: number;
  readonly recordsPerRequest: number;
  readonly connections: number;
}

export type Job =
  | ProduceJob
  | OneJob
  | FetchJob
  | TailJob
  | GroupJob
  | IdleJob
  | TransactionsJob
  | HttpJob;

/** Milliseconds, exact: of all that was measured, sorted. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly count: number;
}

export interface Report {
  /** How long was measured, without the warm-up. */
  readonly seconds: number;
  readonly records: number;
  /** Of record batches as they are on the wire. */
  readonly bytes: number;
  /** Of requests in `produce`, `one`, `http`; of records in `tail`; of transactions. */
  readonly latencyMs?: Latency;
  /** In `group`: from the first JoinGroup until all members had been told what is theirs. */
  readonly joinSeconds?: number;
  /** The generator's own processor time while it was measured. */
  readonly cpuSeconds: number;
  /** That of the processes in `pids`, in steps of 10 ms; absent when there are none. */
  readonly systemCpuSeconds?: number;
}
