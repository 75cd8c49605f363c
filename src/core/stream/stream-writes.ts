/**
 * What writes to a stream and to its log in one stroke: creating it, appending, taking what a fork
 * inherits. The surprise: the log has the last word, so the stream's own state is only drafted once
 * the records are taken.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { PartitionSpec } from '../log/calls.ts';
import type { Flush } from '../log/flush.ts';
import type { StreamAbsence, StreamAppendReply, StreamCalls, StreamReply } from './calls.ts';
import type { StreamDraft } from './stream-draft.ts';
import { isSame, newState, viewOf } from './stream-state.ts';

type Command<K extends keyof StreamCalls> = StreamCalls[K]['command'];
type Reply<K extends keyof StreamCalls> = StreamCalls[K]['reply'];

export type StreamWriteKind = 'streamCreate' | 'streamAppend' | 'streamCopy';

/** One of these calls, on its way to be carried out together with others. */
export type StreamWrite = {
  [K in StreamWriteKind]: { readonly kind: K; readonly write: Command<K> };
}[StreamWriteKind];

export type StreamWriteReply = Reply<StreamWriteKind>;

/** The bytes that it brings. */
export function bytesOf({ kind, write }: StreamWrite): number {
  if (kind === 'streamCopy') return write.batches.length + (write.finish?.records?.length ?? 0);
  return write.records?.length ?? 0;
}

/** What every call answers where there is no stream to be had. */
export function absent(absence: StreamAbsence): StreamReply<never> {
  const gone = absence === 'unfinished' ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { errorCode: gone, errorMessage: null, outcome: absence };
}

/** `absence`: why there is no stream to be had, as things stand. */
export function writeStream(
  { kind, write }: StreamWrite,
  draft: StreamDraft,
  flush: Flush,
  { absence, now }: { readonly absence: StreamAbsence | undefined; readonly now: number },
): StreamWriteReply {
  if (kind === 'streamCopy') {
    const mayCopy = absence === 'unfinished' && draft.state?.unfinished === true;
    return mayCopy ? copy(write, draft, flush) : absent(absence ?? 'unknown');
  }
  if (absence !== undefined) return absent(absence);
  return kind === 'streamCreate'
    ? create(write, draft, flush, now)
    : append(write, draft, flush, now);
}

function create(
  { spec, stream, records, startOffset }: Command<'streamCreate'>,
  draft: StreamDraft,
  flush: Flush,
  now: number,
): Reply<'streamCreate'> {
  const { state } = draft;
  if (state?.declared) return reply(isSame(state, stream) ? 'exists' : 'differs', draft, flush);
  // What is to begin elsewhere cannot have begun.
  if (startOffset !== undefined && flush.nextOffset > 0) return reply('differs', draft, flush);
  const refusal = refusalOf(spec, records, flush);
  if (refusal !== undefined) return refusal;
  if (startOffset !== undefined) flush.beginAt(startOffset);
  const forks = state?.forks ?? [];
  draft.state = { ...newState(stream, startOffset !== undefined, now), forks };
  return reply('created', draft, flush);
}

function append(
  command: Command<'streamAppend'>,
  draft: StreamDraft,
  flush: Flush,
  now: number,
): StreamAppendReply {
  const { spec, records, producer, close } = command;
  const checked = draft.check(command);
  if (checked.verdict === 'closed' && close && records === null && producer === undefined) {
    return reply('appended', draft, flush);
  }
  if (checked.verdict !== 'appended') {
    return { ...reply(checked.verdict, draft, flush), producer: checked.producer };
  }
  const refusal = refusalOf(spec, records, flush);
  if (refusal !== undefined) return refusal;
  draft.written(command, now);
  return { ...reply('appended', draft, flush), producer };
}

function copy(
  { spec, batches, nextOffset, finish }: Command<'streamCopy'>,
  draft: StreamDraft,
  flush: Flush,
): Reply<'streamCopy'> {
  flush.copy(batches, nextOffset);
  if (finish === undefined) return reply('copied', draft, flush);
  const refusal = refusalOf(spec, finish.records, flush);
  if (refusal !== undefined) return refusal;
  draft.state = { ...draft.state!, unfinished: false };
  return reply('copied', draft, flush);
}

/** Has the log take the records; why it does not. */
function refusalOf(spec: PartitionSpec, records: Uint8Array | null, flush: Flush) {
  if (records === null) return undefined;
  const { errorCode, errorMessage = null } = flush.add({ spec, records });
  if (errorCode === ErrorCode.NONE) return undefined;
  return { errorCode, errorMessage, outcome: 'refused' as const };
}

function reply<Outcome>(
  outcome: Outcome,
  draft: StreamDraft,
  { nextOffset }: Flush,
): StreamReply<Outcome> {
  const stream = viewOf(draft.state, nextOffset);
  return { errorCode: ErrorCode.NONE, errorMessage: null, outcome, stream };
}

/** Why a producer of Kafka's may not write to a stream; undefined: it may. */
export function refusalOfProducers({ state }: StreamDraft): KafkaError | undefined {
  if (!state?.closed) return undefined;
  return new KafkaError(
    ErrorCode.POLICY_VIOLATION,
    'this partition is a stream that was closed: nothing more may be written to it',
  );
}
