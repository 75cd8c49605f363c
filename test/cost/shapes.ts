/** The shapes in which records come, whose cost is counted: each as a client brings them. */
export interface Shape {
  readonly title: string;
  /** Of the value; there is no key. */
  readonly recordBytes: number;
  /** In one batch, to one partition. */
  readonly batchRecords: number;
  readonly producers: number;
  /** Requests of one producer that are under way at once. */
  readonly inFlight: number;
  readonly partitions: number;
  /** Partitions that one request brings a batch for, one after the other; absent: one. */
  readonly partitionsARequest?: number;
  /** A request is sent so often, whatever has been answered; absent: when one is answered. */
  readonly everyMs?: number;
  /** Every request is one to a Worker, which knows what its isolate knows. */
  readonly http?: boolean;
  /** Each batch is a transaction. */
  readonly transactional?: boolean;
  /** How many requests are counted. */
  readonly requests: number;
}

/** Java's producer: 16 KiB a batch, 5 requests under way. */
const batched = { producers: 1, inFlight: 5, partitions: 1, requests: 2_000 };
const oneByOne = { recordBytes: 100, batchRecords: 1, partitions: 1, inFlight: 1 };
const tenAtOnce = { recordBytes: 100, partitions: 1, producers: 10, inFlight: 1, requests: 2_000 };

/** 16 KiB, as Java fills them. */
const batchesOf = { 100: 150, 1000: 16, 10000: 1 };

export const shapes: readonly Shape[] = [
  { title: '100 B, batched', recordBytes: 100, batchRecords: batchesOf[100], ...batched },
  { title: '1 KB, batched', recordBytes: 1_000, batchRecords: batchesOf[1_000], ...batched },
  { title: '10 KB, batched', recordBytes: 10_000, batchRecords: batchesOf[10_000], ...batched },
  {
    title: '1 KB, batched, 1,000 partitions, 10,000 a second',
    ...batched,
    recordBytes: 1_000,
    batchRecords: batchesOf[1_000],
    partitions: 1_000,
    partitionsARequest: 50,
    everyMs: (50 * 16) / 10,
    requests: 200,
  },
  { title: '100 B, one by one', ...oneByOne, producers: 1, requests: 1_000 },
  { title: '100 B, one by one, 10 producers', ...tenAtOnce, batchRecords: 1 },
  { title: '100 B, 10 a request, 10 producers', ...tenAtOnce, batchRecords: 10 },
  { title: '100 B, 100 a request, 10 producers', ...tenAtOnce, batchRecords: 100 },
  { title: '100 B, HTTP, 1 a request, 10 callers', ...tenAtOnce, batchRecords: 1, http: true },
  { title: '100 B, HTTP, 100 a request, 10 callers', ...tenAtOnce, batchRecords: 100, http: true },
  {
    title: '100 B, transactions of 100',
    ...oneByOne,
    batchRecords: 100,
    producers: 1,
    requests: 1_000,
    transactional: true,
  },
];
