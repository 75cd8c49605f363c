/**
 * PUT and DELETE of a stream. The surprise: creating is two steps in two objects, the topic's line
 * at the controller and the stream's state at the partition; a crash between the two leaves a topic
 * that Kafka's clients could have made, and the next PUT makes a stream of it.
 *
 * Behaviour
 * - A stream that is there and as it is asked for: 200. Otherwise 409.
 * - A topic with records becomes a stream for who may alter its configs, besides creating it.
 * - The topic has one partition, and keeps its records until the stream is deleted or ends.
 */
import type { NewStream, StreamView } from '../../../core/stream/calls.ts';
import { offsetToken } from '../../../core/stream/offset-token.ts';
import { mediaType, plainContentType } from '../../../core/stream/stream-state.ts';
import { createTopics } from '../../../protocol/apis/create-topics.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { readBody } from '../body.ts';
import type { HttpContext } from '../routes.ts';
import {
  buriedIfForkless,
  inherited,
  livingForks,
  originOf,
  type Slice,
  sourceOf,
} from './forks.ts';
import { batchesOf, messagesOf } from './messages.ts';
import { OpenStream } from './open-stream.ts';
import { type AskedFork, closes, contentTypeOf, forkOf, lifetimeOf } from './request.ts';
import { commonHeaders, conflict, forbidden, gone, notFound, refused } from './stream-errors.ts';

/** What is asked for. */
interface Asked extends Omit<NewStream, 'contentType' | 'forkedFrom'> {
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/** How often it is tried anew when somebody else creates or deletes at the same time. */
const tries = 3;

export async function createStream(c: HttpContext): Promise<Response> {
  const stream = OpenStream.of(c);
  const fork = forkOf(c);
  const head = { contentType: contentTypeOf(c), ...lifetimeOf(c), closed: closes(c) };
  await stream.mustAllow('CREATE');
  const isThere = await stream.isWhole();
  const asked = { ...head, body: await readBody(c.req.raw) };
  if (asked.body.length > 0) await stream.mustAllow('WRITE');
  const { view, isNew } = fork
    ? await createFork(stream, fork, asked)
    : await createPlain(stream, asked, isThere);
  const headers = new Headers(commonHeaders);
  headers.set('content-type', view.contentType);
  headers.set('stream-next-offset', offsetToken(view.nextOffset));
  if (view.closed) headers.set('stream-closed', 'true');
  const url = new URL(c.req.url);
  if (isNew) headers.set('location', `${url.origin}${url.pathname}`);
  return new Response(null, { status: isNew ? 201 : 200, headers });
}

interface Created {
  readonly view: StreamView;
  readonly isNew: boolean;
}

async function createPlain(stream: OpenStream, asked: Asked, isThere: boolean): Promise<Created> {
  const { body, contentType = plainContentType, ...rest } = asked;
  const messages = messagesOf(body, contentType);
  const { now } = stream.kafka.context;
  if (isThere) await mustBeFree(stream);
  else await createTopic(stream);
  for (let left = tries; left > 0; left--) {
    const reply = await stream.call('streamCreate', (spec) => ({
      stream: { ...rest, contentType },
      records: batchesOf(messages, stream.maxBatchBytes(spec), now()),
    }));
    switch (reply.outcome) {
      case 'created':
      case 'exists':
        return { view: reply.stream!, isNew: reply.outcome === 'created' };
      case 'differs':
        throw conflict('The stream exists and is not what is asked for.');
      case 'refused':
        throw refused(reply.errorCode, reply.errorMessage);
      case 'gone':
        if (!(await buriedIfForkless(stream))) throw nameIsTaken();
        break;
      default:
        await makeWay(stream, reply.topicId);
    }
  }
  throw conflict('The stream is created and deleted at the same time by others.');
}

const nameIsTaken = () =>
  conflict('The stream was deleted; its name is taken while forks of it live.');

/**
 * Throws 403 for a topic with records that nobody made a stream of: to give it a type and an end is
 * for who may alter its configs, not for everybody who may create one of its name.
 */
async function mustBeFree(stream: OpenStream): Promise<void> {
  if (await stream.may('ALTER_CONFIGS')) return;
  const found = await stream.call('streamDescribe', {});
  if (found.outcome !== 'described' || found.declared) return;
  if (found.stream!.nextOffset > 0) throw forbidden();
}

/** What has ended, or was never finished, goes; then there is a new topic. */
async function makeWay(stream: OpenStream, topicId: string | undefined): Promise<void> {
  if (topicId !== undefined) await stream.delete(topicId);
  await createTopic(stream);
}

async function createTopic({ kafka, topic }: OpenStream): Promise<void> {
  const forEver = ['retention.ms', 'retention.bytes'].map((name) => ({ name, value: '-1' }));
  const request = {
    topics: [
      { name: topic, numPartitions: 1, replicationFactor: -1, assignments: [], configs: forEver },
    ],
    timeoutMs: 30_000,
    validateOnly: false,
  };
  const { topics } = await kafka.call(createTopics, request);
  const [{ errorCode, errorMessage }] = topics;
  // If others create it, too, its partition knows what it is.
  if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) return;
  throw refused(errorCode, errorMessage);
}

async function createFork(stream: OpenStream, fork: AskedFork, asked: Asked): Promise<Created> {
  const found = await stream.call('streamDescribe', {});
  if (found.outcome === 'gone' && !(await buriedIfForkless(stream))) throw nameIsTaken();
  // A topic that nothing was done with may be what a crash has left of this very fork.
  const isUntouched =
    found.outcome === 'described' && !found.declared && found.stream?.nextOffset === 0;
  if (found.outcome === 'described' && !isUntouched) {
    if (found.declared && isSameFork(found, sourceOf(fork, stream).topic, fork, asked)) {
      return { view: found.stream!, isNew: false };
    }
    throw conflict('The stream exists and is not what is asked for.');
  }
  const origin = await originOf(fork, stream, asked.contentType);
  const { contentType, ttlSeconds, expiresAt } = origin.stream;
  const lives = asked.ttlSeconds === undefined && asked.expiresAt === undefined;
  const lifetime = lives ? { ttlSeconds, expiresAt } : asked;
  const messages = messagesOf(asked.body, contentType);
  const slices = inherited(origin);
  // Before anything is made: what is wrong with the fork shows here.
  const first = await slices.next();
  await makeWay(stream, found.outcome === 'unfinished' ? found.topicId : undefined);
  const startOffset =
    first.value.batches.length === 0 ? first.value.nextOffset : origin.logStartOffset;
  const created = await stream.call('streamCreate', {
    stream: {
      contentType: asked.contentType ?? contentType,
      ttlSeconds: lifetime.ttlSeconds,
      expiresAt: lifetime.expiresAt,
      closed: asked.closed,
      forkedFrom: origin.point,
    },
    records: null,
    startOffset,
  });
  if (created.outcome !== 'created') throw conflict('The stream is created by others as well.');
  try {
    const noted = await origin.source.call('streamForks', { add: created.topicId, remove: [] });
    if (noted.outcome !== 'noted') throw notFound();
    const view = await copySlices(stream, first, slices, messages);
    return { view, isNew: true };
  } catch (error) {
    await stream.delete(created.topicId!);
    throw error;
  }
}

async function copySlices(
  stream: OpenStream,
  first: IteratorResult<Slice, Slice>,
  slices: AsyncGenerator<Slice, Slice>,
  messages: readonly Uint8Array[],
): Promise<StreamView> {
  const { now } = stream.kafka.context;
  for (let slice = first; ; slice = await slices.next()) {
    const { value, done } = slice;
    const copied = await stream.call('streamCopy', (spec) => {
      if (!done) return value;
      const records = batchesOf(messages, stream.maxBatchBytes(spec), now());
      return { ...value, finish: { records } };
    });
    if (copied.outcome === 'refused') throw refused(copied.errorCode, copied.errorMessage);
    if (copied.outcome !== 'copied') throw conflict('The stream was deleted while it was forked.');
    if (done) return copied.stream!;
  }
}

/** Whether the fork that is there is the one that is asked for; what is not said agrees. */
function isSameFork(
  found: { readonly stream?: StreamView; readonly forkedFrom?: NewStream['forkedFrom'] },
  sourceTopic: string,
  fork: AskedFork,
  asked: Asked,
): boolean {
  const { stream, forkedFrom } = found;
  if (stream === undefined || forkedFrom === undefined) return false;
  const { contentType = stream.contentType, ttlSeconds, expiresAt } = asked;
  const saysHowLong = ttlSeconds !== undefined || expiresAt !== undefined;
  return (
    forkedFrom.topic === sourceTopic &&
    forkedFrom.subOffset === fork.subOffset &&
    (fork.offset === undefined || fork.offset === forkedFrom.offset) &&
    mediaType(contentType) === mediaType(stream.contentType) &&
    stream.closed === asked.closed &&
    (!saysHowLong ||
      (stream.ttlSeconds === ttlSeconds && stream.expiresAt?.text === expiresAt?.text))
  );
}

export async function deleteStream(c: HttpContext): Promise<Response> {
  const stream = OpenStream.of(c);
  await stream.mustAllow('DELETE');
  if (!(await stream.isWhole())) throw notFound();
  const found = await stream.call('streamDescribe', {});
  if (found.outcome === 'gone') throw (await buriedIfForkless(stream)) ? notFound() : gone();
  if (found.outcome === 'refused') throw refused(found.errorCode, found.errorMessage);
  if (found.outcome === 'unknown' || found.topicId === undefined) throw notFound();
  const { forks, forkedFrom } = found;
  if ((await livingForks(stream, forks)).length > 0) await stream.call('streamHide', {});
  else {
    await stream.delete(found.topicId);
    if (forkedFrom) await buriedIfForkless(new OpenStream(stream.kafka, forkedFrom.topic));
  }
  return new Response(null, { status: 204, headers: commonHeaders });
}
