/**
 * Forks: streams that begin with what another one held. The surprise: a fork has a copy, so it is a
 * whole topic for Kafka's clients, and its source may go; yet a source that is deleted keeps its
 * name for as long as a fork of it lives, as the dialect has it.
 */
import { concat } from '../../../bytes/writer.ts';
import { fetchedRecords } from '../../../core/rest-consumer/fetched-records.ts';
import type { ForkPoint, StreamView } from '../../../core/stream/calls.ts';
import { mediaType } from '../../../core/stream/stream-state.ts';
import { buildBatch, type DecodedRecord } from '../../../protocol/records/index.ts';
import { deleteTopic } from '../../../runtime/delete-topic.ts';
import { isJson } from './messages.ts';
import { OpenStream, streamPath, topicOfPath, unfinished } from './open-stream.ts';
import type { AskedFork } from './request.ts';
import { conflict, invalid, StreamError } from './stream-errors.ts';

/** So much is read of the source at a time: what comes of it fits in one row of the fork. */
const sliceBytes = 1_500_000;

/** What a fork is to begin with. */
export interface Origin {
  readonly source: OpenStream;
  readonly point: ForkPoint;
  readonly stream: StreamView;
  readonly logStartOffset: number;
}

/** Where the fork begins. Throws for what cannot be forked. */
export async function originOf(asked: AskedFork, fork: OpenStream, type?: string): Promise<Origin> {
  const source = sourceOf(asked, fork);
  await source.mustAllow('READ');
  const found = await source.call('streamDescribe', {});
  if (found.outcome === 'unfinished') throw unfinished();
  if (found.outcome === 'gone' && !(await buriedIfForkless(source))) {
    throw conflict('The source was deleted; forks of it live on.');
  }
  if (found.outcome !== 'described') throw new StreamError(404, 'Source stream not found.');
  const { logStartOffset } = found;
  const stream = found.stream!;
  if (type !== undefined && mediaType(type) !== mediaType(stream.contentType)) {
    throw conflict('The source has another content type.');
  }
  const { offset = stream.nextOffset, subOffset } = asked;
  if (offset < logStartOffset || offset > stream.nextOffset) {
    throw invalid('Stream-Fork-Offset lies outside of the source.');
  }
  const point = { topic: source.topic, offset, subOffset };
  if (isJson(stream.contentType) && offset + subOffset > stream.nextOffset) {
    throw invalid('Stream-Fork-Sub-Offset lies beyond the source.');
  }
  return { source, point, stream, logStartOffset };
}

/** The stream of this path, with or without our prefix before it. */
export function sourceOf({ source }: AskedFork, { kafka }: OpenStream): OpenStream {
  const at = source.indexOf(streamPath);
  const topic = topicOfPath(at < 0 ? source : source.slice(at + streamPath.length));
  if (topic === undefined) throw new StreamError(404, 'Source stream not found.');
  return new OpenStream(kafka, topic);
}

/** Whole batches with their offsets, and where the next slice goes on. */
export interface Slice {
  readonly batches: Uint8Array;
  readonly nextOffset: number;
}

/** What the fork inherits, slice by slice; the last one is returned, and may be empty. */
export async function* inherited(origin: Origin): AsyncGenerator<Slice, Slice> {
  const { source, point, stream, logStartOffset } = origin;
  const json = isJson(stream.contentType);
  const cut = json ? 0 : point.subOffset;
  const upTo = point.offset + (json ? point.subOffset : 0);
  const end = cut > 0 ? upTo + 1 : upTo;
  let held: Slice = { batches: new Uint8Array(0), nextOffset: end };
  for (let from = logStartOffset; from < end; ) {
    const { records, nextOffset } = await slice(source, from, end);
    const kept = cut > 0 ? cutShort(records, upTo, cut, nextOffset >= end) : records;
    if (kept.length > 0) {
      // The one before is not the last, so it goes on where this one begins.
      if (held.batches.length > 0) yield { ...held, nextOffset: kept[0].offset };
      held = { batches: batchesOf(kept), nextOffset: end };
    }
    from = nextOffset;
  }
  return held;
}

async function slice(source: OpenStream, from: number, end: number) {
  const read = await source.call('streamRead', { from, maxBytes: sliceBytes });
  if (read.outcome !== 'read') throw conflict('The source was deleted while it was forked.');
  const { abortedTransactions } = read;
  const fetched = { records: concat([...read.records]), fetchOffset: from, abortedTransactions };
  const records: DecodedRecord[] = [];
  let nextOffset = from;
  for (const step of fetchedRecords(fetched)) {
    nextOffset = step.nextOffset;
    if (step.record !== null && step.record.offset < end) records.push(step.record);
    if (nextOffset >= end) break;
  }
  // Nothing is left that was committed: the rest is an open transaction's.
  if (nextOffset === from) nextOffset = end;
  return { records, nextOffset };
}

/** The last record with so many of its bytes. Throws when there are not as many. */
function cutShort(records: DecodedRecord[], at: number, bytes: number, isLast: boolean) {
  const last = records.at(-1);
  if (last?.offset !== at) {
    if (isLast) throw beyondMessage();
    return records;
  }
  if ((last.value?.length ?? 0) < bytes) throw beyondMessage();
  return [...records.slice(0, -1), { ...last, value: last.value!.subarray(0, bytes) }];
}

const beyondMessage = () => invalid('Stream-Fork-Sub-Offset lies beyond the message.');

/** One batch for each run of offsets without a gap. */
function batchesOf(records: readonly DecodedRecord[]): Uint8Array {
  const batches: Uint8Array[] = [];
  let run: DecodedRecord[] = [];
  const flush = () => {
    if (run.length === 0) return;
    batches.push(buildBatch(run, { baseOffset: run[0].offset, partitionLeaderEpoch: 0 }));
    run = [];
  };
  for (const record of records) {
    if (run.length > 0 && record.offset !== run.at(-1)!.offset + 1) flush();
    run.push(record);
  }
  flush();
  return concat(batches);
}

/** Those of the forks whose topic is still there. */
export async function livingForks(stream: OpenStream, forks: readonly string[]): Promise<string[]> {
  const { metadata } = stream.kafka.context;
  const found = await Promise.all(forks.map((topicId) => metadata.topicById(topicId)));
  return found.flatMap((topic) => topic?.topicId ?? []);
}

/**
 * Whether a stream that was deleted, or has ended, is gone for good now: once no fork of it lives.
 * So may be the one it was forked from.
 */
export async function buriedIfForkless(stream: OpenStream): Promise<boolean> {
  const found = await stream.call('streamDescribe', {});
  if (found.outcome !== 'gone' || found.topicId === undefined) return found.outcome === 'unknown';
  if ((await livingForks(stream, found.forks)).length > 0) return false;
  const { objects, metadata } = stream.kafka.context;
  // Whoever deleted it had the right to, or it has ended: nobody else is asked for one.
  await deleteTopic(objects, found.topicId);
  metadata.forget(stream.topic);
  if (found.forkedFrom !== undefined) {
    await buriedIfForkless(new OpenStream(stream.kafka, found.forkedFrom.topic));
  }
  return true;
}
