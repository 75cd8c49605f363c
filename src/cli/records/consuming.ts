/**
 * Reads records and prints them, from partitions or as a member of a group. The surprise: what is
 * committed for a group was handed to whoever reads the output before, so that nothing is lost
 * that was not printed.
 */
import type { Consumer } from '../../client/consumer/consumer.ts';
import type { ConsumerRecord } from '../../client/consumer/options.ts';
import type { DecodedRecord, RecordBatch } from '../../protocol/records/index.ts';
import type { Print } from './format.ts';
import type { Found, LogReader, Place } from './log-reader.ts';
import { recordsIn } from './opened.ts';
import type { Sink } from './sink.ts';

export interface Printing {
  readonly print: Print;
  readonly sink: Sink;
  /** Ends after so many. */
  readonly count: number;
  /** Ends when there is nothing more. */
  readonly endsAtEnd: boolean;
  readonly isUnbuffered: boolean;
  /** What is said beside the records. */
  say(text: string): void;
  readonly signal: AbortSignal;
}

/** Answers how many there were. */
export async function printPartitions(
  reader: LogReader,
  places: readonly Place[],
  printing: Printing,
): Promise<number> {
  const { sink, count, endsAtEnd, say } = printing;
  const ended = new Set<Place>();
  let printed = 0;
  const open = () => places.some(({ isDone }) => !isDone);
  for (const place of places) {
    if (place.isDone) say(`Reached stop timestamp for topic ${place} at offset ${place.position}`);
  }
  for await (const found of reader.read(places, printing.signal)) {
    const { place } = found;
    printed += await printFound(found, printing, count - printed);
    if (printed >= count || sink.isGone || printing.signal.aborted) break;
    await sink.flush();
    const isStopped = place.end !== undefined && found.nextOffset >= place.end;
    if (isStopped) say(`Reached stop timestamp for topic ${place} at offset ${place.end}`);
    else if (found.isAtEnd && !ended.has(place)) {
      ended.add(place);
      if (endsAtEnd) place.isDone = true;
      const exiting = open() ? '' : ': exiting';
      say(`Reached end of topic ${place} at offset ${found.nextOffset}${exiting}`);
    } else if (!found.isAtEnd) ended.delete(place);
  }
  await sink.flush();
  return printed;
}

async function printFound(
  { place, from, batches }: Found,
  { print, sink, isUnbuffered }: Printing,
  atMost: number,
): Promise<number> {
  let printed = 0;
  const end = place.end ?? Number.POSITIVE_INFINITY;
  const { topic, partition, leader } = place;
  for (const { batch, isHidden } of batches) {
    if (isHidden) continue;
    const timestampType = typeOf(batch);
    for (const record of recordsIn(batch)) {
      if (record.offset < from || record.offset >= end) continue;
      print(printable(record, { topic, partition, broker: leader, timestampType }), sink);
      printed++;
      if (printed === atMost || sink.isGone) return printed;
      if (isUnbuffered || sink.isFull) await sink.flush();
    }
  }
  return printed;
}

interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly broker: number;
  readonly timestampType: 'create' | 'logappend';
}

function printable(record: DecodedRecord, origin: Origin) {
  const { offset, timestamp, key, value, headers } = record;
  const { topic, partition, broker, timestampType } = origin;
  return { topic, partition, offset, timestamp, timestampType, broker, key, value, headers };
}

function typeOf(batch: RecordBatch): 'create' | 'logappend' {
  return batch.timestampType === 1 ? 'logappend' : 'create';
}

type BytesConsumer = Consumer<Uint8Array, Uint8Array>;

export interface GroupPrinting extends Printing {
  /** What JSON says of a partition's records beside themselves. */
  originOf(topic: string, partition: number): Promise<Omit<Origin, 'topic' | 'partition'>>;
}

/** The same as a member of a group, until it is told to stop; commits what was printed. */
export async function printGroup(
  consumer: BytesConsumer,
  printing: GroupPrinting,
): Promise<number> {
  const { sink, count, endsAtEnd, signal } = printing;
  let printed = 0;
  while (!signal.aborted && !sink.isGone) {
    const records = await pollUntil(consumer, signal);
    if (records.length === 0) {
      if (endsAtEnd && (await isAtEnd(consumer, printing))) break;
      continue;
    }
    const wanted = records.slice(0, count - printed);
    await printRecords(wanted, printing);
    printed += wanted.length;
    await sink.flush();
    if (sink.isGone) break;
    if (printed >= count || signal.aborted) {
      await consumer.commit(wanted.at(-1));
      break;
    }
  }
  await sink.flush();
  return printed;
}

async function pollUntil(consumer: BytesConsumer, signal: AbortSignal) {
  try {
    return await consumer.poll({ maxWaitMs: 500, signal });
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

async function printRecords(
  records: readonly ConsumerRecord<Uint8Array, Uint8Array>[],
  { print, sink, isUnbuffered, originOf }: GroupPrinting,
): Promise<void> {
  const { topic, partition } = records[0];
  const origin = { topic, partition, ...(await originOf(topic, partition)) };
  for (const record of records) {
    print(printable(record, origin), sink);
    if (isUnbuffered || sink.isFull) await sink.flush();
  }
}

/** Whether everything this member has was read. */
async function isAtEnd(consumer: BytesConsumer, { say }: Printing): Promise<boolean> {
  const { assignment } = consumer;
  const positions = assignment.map((place) => ({ ...place, at: consumer.position(place) }));
  for (const { at, ...place } of positions) {
    if (at === undefined || at < (await consumer.offsetAt(place, 'latest'))) return false;
  }
  for (const [index, { topic, partition, at }] of positions.entries()) {
    const exiting = index === positions.length - 1 ? ': exiting' : '';
    say(`Reached end of topic ${topic} [${partition}] at offset ${at}${exiting}`);
  }
  return positions.length > 0;
}
