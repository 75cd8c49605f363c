/** Record batches: the view of one, the walk through its records, and the ways to build one. */
export { type BatchOptions, buildBatch, type NewRecord } from './batch-builder.ts';
export { withFewerRecords, withoutRecords } from './fewer-records.ts';
export {
  addToSequence,
  batchOverhead,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  RecordBatch,
  recordBatches,
  TimestampType,
} from './record-batch.ts';
export { RecordCursor } from './record-cursor.ts';
export {
  ControlType,
  controlType,
  type DecodedRecord,
  decodeRecords,
  type RecordHeader,
} from './records.ts';
export { renumber } from './renumber.ts';
