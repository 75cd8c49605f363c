/**
 * What can be asked of a group coordinator, as plain data: one entry a call, with its command and its reply.
 * The same shapes cross the RPC to the object and drive the pure machine in tests.
 */

/** Every call to a group coordinator; named after Kafka's APIs. */
// biome-ignore lint/complexity/noBannedTypes: filled by the calls below
export type GroupCalls = {};
