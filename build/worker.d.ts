/**
 * `kedge/worker`: the whole of Kedge as a Worker, ready-bundled. A Worker that is Kedge has two
 * lines:
 *
 *     export * from 'kedge/worker';
 *     export { default } from 'kedge/worker';
 *
 * The surprise: nothing here refers to the types of Workers, so it is understood with whichever of
 * them a project has. They know an entrypoint or an object by its brand.
 */
declare abstract class KedgeObject {
  readonly __DURABLE_OBJECT_BRAND: never;
  constructor(ctx: unknown, env: unknown);
}

/** The Durable Objects; what binds them is in the wrangler.toml that `kedge deploy` writes. */
export declare class Partition extends KedgeObject {}
export declare class GroupCoordinator extends KedgeObject {}
export declare class ClusterController extends KedgeObject {}
export declare class RestConsumer extends KedgeObject {}
export declare class TransactionCoordinator extends KedgeObject {}
export declare class Subscription extends KedgeObject {}
export declare class StreamSubscription extends KedgeObject {}

declare abstract class KedgeEntrypoint {
  readonly __WORKER_ENTRYPOINT_BRAND: never;
  constructor(ctx: unknown, env: unknown);
}

/** For other Workers, bound with `entrypoint = "Kedge"`: what `new Producer(env.KEDGE)` takes. */
export declare class Kedge extends KedgeEntrypoint {
  /** A Kafka connection of the caller's own. */
  open(): KedgeConnection;
}

export interface KedgeConnection {
  readonly __RPC_TARGET_BRAND: never;
  /** A request of Kafka's protocol without its length, answered by such a response. */
  request(frame: Uint8Array): Promise<{
    readonly frame: Uint8Array | null;
    readonly isSpent: boolean;
  }>;
}

export interface QueueMessage {
  readonly body: unknown;
  /** Messages of one key keep their order. */
  readonly key?: string | undefined;
  readonly contentType?: 'text' | 'bytes' | 'json' | 'v8';
  readonly delaySeconds?: number;
}

export interface QueueMetrics {
  readonly backlogCount: number;
  readonly backlogBytes: number;
}

export interface QueueAnswer {
  readonly metadata: { readonly metrics: QueueMetrics };
}

/** For other Workers, bound with `entrypoint = "Queue"`: a topic in the shape of a queue. */
export declare class Queue extends KedgeEntrypoint {
  send(body: unknown, options?: Omit<QueueMessage, 'body'>): Promise<QueueAnswer>;
  sendBatch(
    messages: Iterable<QueueMessage>,
    options?: { readonly delaySeconds?: number },
  ): Promise<QueueAnswer>;
  metrics(): Promise<QueueMetrics>;
}

/** The doors: Kafka's over TCP, and all that goes over HTTP. */
declare const kedge: {
  connect(socket: object, env: unknown): Promise<void>;
  fetch(request: Request, env: unknown, ctx: unknown): Response | Promise<Response>;
};
export default kedge;
