/**
 * `/ws/producer/{topic}`: records in, one after the other, and for each frame an answer. The
 * surprise: what came while others were being written is written together, so a client that does
 * not wait for answers is faster, and its records keep their order all the same.
 */
import { errorInfo } from '../../../protocol/errors.ts';
import { HttpError, httpErrorOf } from '../errors.ts';
import { isObject } from '../json.ts';
import type { Kafka } from '../kafka.ts';
import type { Effort } from '../live/effort.ts';
import { type ProducedRecord, produceRecords, type RecordToProduce } from '../produce.ts';
import { closeCode, type Frame, type Line } from './line.ts';
import type { Wire } from './wire.ts';

export interface ProducerOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly wire: Wire;
  readonly effort: Effort;
}

/** What is written at a time; each may be for another partition, whose object has to be called. */
const maxRecords = 500;
const maxLength = 1_024 * 1_024;

/** Until the client has closed and what it sent is written, or until it has to come again. */
export async function serveProducer(line: Line, options: ProducerOptions): Promise<void> {
  for (;;) {
    const frames = await line.take(isEnough);
    if (frames === undefined) return;
    const answers = await produceFrames(frames, options);
    for (const answer of answers) await line.send(answer).catch(() => {});
    // What waits was not begun: the client hears nothing of it, and sends it again.
    options.effort.add(lengthOf(frames));
    if (options.effort.isSpent) {
      return line.close(closeCode.comeAgain, 'come again');
    }
  }
}

function isEnough(frames: readonly Frame[]): boolean {
  const records = frames.reduce(
    (sum, { json }) => sum + (Array.isArray(json) ? json.length : 1),
    0,
  );
  return records >= maxRecords || lengthOf(frames) >= maxLength;
}

function lengthOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

interface Item {
  readonly record: RecordToProduce | HttpError;
  /** Comes back with the answer, so that the client knows whose it is. */
  readonly context: unknown;
}

/** One answer a frame. */
async function produceFrames(
  frames: readonly Frame[],
  { kafka, topic, wire }: ProducerOptions,
): Promise<string[]> {
  const now = kafka.context.now();
  const lists = frames.map((frame) => itemsOf(frame, wire, now));
  const records = lists.flat().flatMap(({ record }) => (isFault(record) ? [] : [record]));
  let results: readonly (ProducedRecord | HttpError)[];
  try {
    results = records.length === 0 ? [] : await produceRecords(kafka, topic, records);
  } catch (error) {
    const fault = httpErrorOf(error);
    results = records.map(() => fault);
  }
  let next = 0;
  return lists.map((items, index) => {
    const answers = items.map(({ record, context }) =>
      answerOf(isFault(record) ? record : results[next++], topic, context),
    );
    return JSON.stringify(Array.isArray(frames[index].json) ? answers : answers[0]);
  });
}

function isFault(one: unknown): one is HttpError {
  return one instanceof HttpError;
}

function itemsOf({ json }: Frame, wire: Wire, now: number): Item[] {
  const list = Array.isArray(json) ? json : [json];
  if (list.length > maxRecords) {
    const fault = new HttpError(413, 413, `A frame may have ${maxRecords} records.`);
    return list.map((item) => ({ record: fault, context: contextOf(item) }));
  }
  return list.map((item) => ({ record: readRecord(item, wire, now), context: contextOf(item) }));
}

function readRecord(item: unknown, wire: Wire, now: number): RecordToProduce | HttpError {
  if (item === undefined) return new HttpError(400, 400, 'The frame is not JSON.');
  try {
    return wire.read(item, now);
  } catch (error) {
    return httpErrorOf(error);
  }
}

function contextOf(item: unknown): unknown {
  return isObject(item) ? item.context : undefined;
}

function answerOf(result: ProducedRecord | HttpError, topic: string, context: unknown): object {
  if (isFault(result)) return { result: 'send-error', ...result.body, context };
  if ('errorCode' in result) {
    const { errorCode, message } = result;
    const { restCode, message: standard } = errorInfo(errorCode);
    return { result: 'send-error', error_code: restCode, message: message || standard, context };
  }
  return { result: 'ok', topic, ...result, context };
}
