/**
 * The batch that ends a transaction in the log: one record that says commit or abort, byte for byte
 * as Kafka writes it. The surprise: it takes up an offset like any record, and consumers of every
 * kind are sent it and skip it.
 */
import { buildBatch, ControlType, RecordBatch } from '../../protocol/records/index.ts';
import type { TransactionMarker } from '../transaction-marker.ts';

export function controlBatch(marker: TransactionMarker, timestamp: number): RecordBatch {
  const { producerId, producerEpoch, coordinatorEpoch, committed } = marker;
  const key = new Uint8Array(4); // version 0, then the type
  new DataView(key.buffer).setInt16(2, committed ? ControlType.COMMIT : ControlType.ABORT);
  const value = new Uint8Array(6); // version 0, then the epoch
  new DataView(value.buffer).setInt32(2, coordinatorEpoch);
  const producer = { producerId, producerEpoch, isTransactional: true, isControl: true };
  return new RecordBatch(buildBatch([{ key, value, timestamp }], producer));
}
