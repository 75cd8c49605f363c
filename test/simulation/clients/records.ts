/**
 * Records as simulated producers make them. The surprise: a value tells its own key, so that who
 * sends it again cannot give it another.
 */
import type { NewRecord } from '../../../src/protocol/records/index.ts';
import type { SimulatedTopic } from './client.ts';

const utf8 = new TextEncoder();
const keys = 5;

/** The key of a value where keys matter. */
export function keyFor({ compacted }: SimulatedTopic, value: string): { key?: string } {
  return compacted ? { key: `k${Number(value.slice(1)) % keys}` } : {};
}

export function recordOf(topic: SimulatedTopic, value: string, timestamp: number): NewRecord {
  const { key } = keyFor(topic, value);
  return { key: key === undefined ? null : utf8.encode(key), value: utf8.encode(value), timestamp };
}
