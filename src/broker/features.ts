/**
 * The features of the cluster that a client can ask about, with the levels they may have and the
 * one they have. The surprise: none of them can be changed, up or down: a release has one level of
 * each.
 */

export interface Feature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The level that is final in the cluster. */
  readonly level: number;
}

export const features: readonly Feature[] = [
  /** Clients may speak the consumer protocol (KIP-848) when this is 1. */
  { name: 'group.version', minVersion: 0, maxVersion: 1, level: 1 },
  /** Consoles tell from it which release of Kafka this is like: 33 is 4.4, 7 is 3.3. */
  { name: 'metadata.version', minVersion: 7, maxVersion: 33, level: 33 },
  /** Share groups (KIP-932) are there when this is 1; at 2 they would have dead-letter queues. */
  { name: 'share.version', minVersion: 0, maxVersion: 1, level: 1 },
  /** Clients take to transactions v2 (KIP-890) when this is 2; at 1 they go on with v1. */
  { name: 'transaction.version', minVersion: 0, maxVersion: 2, level: 2 },
];
