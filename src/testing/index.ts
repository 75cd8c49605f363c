/**
 * `kedge/testing`: a Kafka for test suites, in a tenth of a second. The surprise: it is the broker
 * that is deployed, in the runtime that Cloudflare uses, with three doors more for tests: faults, a
 * clock that can be moved, and crashes.
 */
export { KafkaError } from '../protocol/errors.ts';
export { connectKedge } from './connect-kedge.ts';
export type { Fault, FaultSpec } from './faults.ts';
export type { Kedge, KedgeAddress } from './kedge.ts';
export type { BeginOptions, KedgeOptions } from './options.ts';
export type { Seed, SeedOffset, SeedRecord } from './seed.ts';
export { startKedge } from './start-kedge.ts';
