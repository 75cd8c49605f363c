/**
 * One reading of a stream: its records, and what the stream is at that moment. The surprise: what
 * is read may hold no message and still move on, past what nobody committed.
 */
import { concat } from '../../../bytes/writer.ts';
import { fetchedRecords } from '../../../core/rest-consumer/fetched-records.ts';
import type { StreamReadReply, StreamView } from '../../../core/stream/calls.ts';
import { fetch } from '../../../protocol/apis/fetch.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { DecodedRecord } from '../../../protocol/records/index.ts';
import { buriedIfForkless } from './forks.ts';
import { type OpenStream, type Unknown, unfinished, type WithTopic } from './open-stream.ts';
import type { AskedRead } from './request.ts';
import { gone, invalid, notFound, refused } from './stream-errors.ts';

const pageBytes = 1_048_576;

/** What was read, and where to go on. */
export interface Page {
  /** Of the topic's incarnation. */
  readonly topicId: string;
  readonly stream: StreamView;
  readonly records: readonly DecodedRecord[];
  readonly offset: number;
  readonly nextOffset: number;
  /** There is nothing more to be read now. */
  readonly isUpToDate: boolean;
  /** There will never be anything more. */
  readonly isOver: boolean;
}

/** Throws for a stream that is not there. */
export async function readPage(stream: OpenStream, from: AskedRead['from']): Promise<Page> {
  await stream.kafka.admit(fetch);
  const claim = stream.kafka.context.answers.claim();
  try {
    // Where memory is short, one batch.
    const maxBytes = from === 'now' ? 0 : Math.max(1, claim.extend(pageBytes));
    return await pageOf(stream, from, await stream.call('streamRead', { from, maxBytes }));
  } finally {
    claim.release();
  }
}

type Answer = (StreamReadReply | Unknown) & WithTopic;

async function pageOf(stream: OpenStream, from: AskedRead['from'], reply: Answer): Promise<Page> {
  if (reply.outcome === 'gone') throw (await buriedIfForkless(stream)) ? notFound() : gone();
  if (reply.outcome === 'unknown') throw notFound();
  if (reply.outcome === 'unfinished') throw unfinished();
  const { errorCode, stream: view } = reply;
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && Number(from) > view!.nextOffset) {
    throw invalid('The offset lies beyond the end of the stream.');
  }
  if (errorCode !== ErrorCode.NONE || view === undefined) throw refused(errorCode);
  const { offset } = reply;
  const { records, nextOffset } = recordsOf(reply);
  const isUpToDate = nextOffset >= reply.lastStableOffset;
  const isOver = view.closed && nextOffset >= view.nextOffset;
  const { topicId = '' } = reply;
  return { topicId, stream: view, records, offset, nextOffset, isUpToDate, isOver };
}

function recordsOf({ records, offset, abortedTransactions }: StreamReadReply) {
  const fetched = { records: concat([...records]), fetchOffset: offset, abortedTransactions };
  const found: DecodedRecord[] = [];
  let nextOffset = offset;
  for (const step of fetchedRecords(fetched)) {
    nextOffset = step.nextOffset;
    if (step.record !== null) found.push(step.record);
  }
  return { records: found, nextOffset };
}
