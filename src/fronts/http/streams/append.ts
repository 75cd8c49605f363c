/**
 * POST to a stream: appends the body's messages, closes the stream, or both. One call to one
 * object.
 *
 * Behaviour
 * - 204; 200 where a producer says which request it is and it is a new one.
 * - A repeated request of a producer: 204, with the highest number that was written.
 * - A closed stream takes nothing but another request to close it, which changes nothing.
 */
import type { StreamAppendReply } from '../../../core/stream/calls.ts';
import { offsetToken } from '../../../core/stream/offset-token.ts';
import { produce } from '../../../protocol/apis/produce.ts';
import { readBody } from '../body.ts';
import type { HttpContext } from '../routes.ts';
import { buriedIfForkless } from './forks.ts';
import { batchesOf, messagesOf } from './messages.ts';
import { OpenStream, unfinished } from './open-stream.ts';
import { closes, contentTypeOf, producerOf } from './request.ts';
import {
  commonHeaders,
  conflict,
  gone,
  invalid,
  notFound,
  refused,
  StreamError,
} from './stream-errors.ts';

export async function appendToStream(c: HttpContext): Promise<Response> {
  const stream = OpenStream.of(c);
  const producer = producerOf(c);
  const seq = c.req.header('stream-seq');
  const close = closes(c);
  await stream.mustAllow('WRITE');
  await stream.kafka.admit(produce);
  const body = await readBody(c.req.raw);
  const contentType = contentTypeOf(c);
  if (body.length === 0 && !close) throw invalid('There is nothing to append.');
  if (body.length > 0 && contentType === undefined) throw invalid('There is no Content-Type.');
  const { now } = stream.kafka.context;
  const messages = body.length === 0 ? [] : messagesOf(body, contentType!);
  if (body.length > 0 && messages.length === 0) throw invalid('There is nothing to append.');
  const reply = await stream.call('streamAppend', (spec) => ({
    records: batchesOf(messages, stream.maxBatchBytes(spec), now()),
    contentType: body.length === 0 ? null : contentType!,
    seq,
    producer,
    close,
  }));
  if (reply.outcome === 'gone') throw (await buriedIfForkless(stream)) ? notFound() : gone();
  if (reply.outcome === 'unknown') throw notFound();
  if (reply.outcome === 'unfinished') throw unfinished();
  const isNews = producer !== undefined && body.length > 0;
  return answered(reply, isNews ? 200 : 204, producer?.seq);
}

function answered(reply: StreamAppendReply, status: number, received?: number): Response {
  const { outcome, stream, producer } = reply;
  const headers = new Headers(commonHeaders);
  if (stream) headers.set('stream-next-offset', offsetToken(stream.nextOffset));
  if (stream?.closed) headers.set('stream-closed', 'true');
  if (producer) headers.set('producer-epoch', String(producer.epoch));
  if (producer) headers.set('producer-seq', String(producer.seq));
  switch (outcome) {
    case 'appended':
      return new Response(null, { status, headers });
    case 'duplicate':
      return new Response(null, { status: 204, headers });
    case 'closed':
      throw new StreamError(409, 'The stream is closed.', {
        'stream-closed': 'true',
        'stream-next-offset': offsetToken(stream!.nextOffset),
      });
    case 'otherType':
      throw conflict(`The stream's content type is ${stream!.contentType}.`);
    case 'seqRegression':
      throw conflict('Stream-Seq does not grow.');
    case 'staleEpoch':
      throw new StreamError(403, 'The producer has a newer epoch.', {
        'producer-epoch': String(producer!.epoch),
      });
    case 'epochBegins':
      throw invalid('A new epoch of a producer begins with number 0.');
    case 'gap':
      throw new StreamError(409, 'Something of the producer is missing before this.', {
        'producer-expected-seq': String(producer!.seq + 1),
        'producer-received-seq': String(received),
      });
    default:
      throw refused(reply.errorCode, reply.errorMessage);
  }
}
