/**
 * Server-sent events: topics as a stream that any browser reads with three lines of code. The
 * surprise: ids are those of KafkaSSE, a JSON array with the place in every partition, so a
 * reader of that kind that comes again goes on where it was, here as there.
 */
import { plainHttpError } from '../errors.ts';
import { effortOf } from '../live/effort.ts';
import { liveParameters } from '../live/parameters.ts';
import { badRequest, findPlaces, NothingMore, parseWish } from '../live/places.ts';
import { parseShowing, recordText } from '../live/shown.ts';
import { Tail } from '../live/tail.ts';
import { type Family, finishLater, type HttpContext, restErrorDoc, restErrors } from '../routes.ts';
import { EventStream, type ShownRecord } from './stream.ts';

/** Keys and values of one look at the partitions. It is all in memory, several times over. */
const maxRoundBytes = 256 * 1_024;
const type = 'text/event-stream';

async function streamTopics(c: HttpContext): Promise<Response> {
  if (!accepts(c.req.header('accept'))) throw plainHttpError(406);
  const wish = parseWish(c);
  const showing = parseShowing((name) => c.req.query(name));
  const tellsDeletes = parseTombstones(c.req.query('tombstones'));
  const kafka = c.get('kafka');
  const wanted = parseMaxAge(c.req.query('maxAgeMs'));
  const maxAgeMs = kafka.whileKnown(Math.min(wanted, c.env.streamMaxAgeMs));
  // A browser that is told 429 does not come again.
  kafka.waits = true;
  const places = await findPlaces(kafka, wish).catch(stopIfOver);
  if (places === undefined) return new Response(null, { status: 204 });
  const tail = new Tail<ShownRecord>(kafka, places, {
    isolationLevel: wish.isolationLevel,
    maxBytes: maxRoundBytes,
    form: (topic, partition, record) => ({
      topic,
      partition,
      offset: record.offset,
      isTombstone: record.value === null,
      text: recordText(topic, partition, record, showing),
    }),
  });
  const effort = effortOf(c);
  const stream = new EventStream({ kafka, wish, tail, tellsDeletes, maxAgeMs, effort });
  // What may not be read is refused before the stream begins.
  const first = await tail.next(0);
  const headers = { 'content-type': type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
  if (c.req.raw.method === 'HEAD') return new Response(null, { headers });
  finishLater(c, stream.run(first));
  return new Response(stream.readable, { headers });
}

/** A browser that comes again in vain is to stop: that is what 204 tells it. */
function stopIfOver(error: unknown): undefined {
  if (error instanceof NothingMore) return undefined;
  throw error;
}

function accepts(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept
    .split(',')
    .some((item) => /^\s*(\*\/\*|text\/(\*|event-stream))\s*(;|$)/i.test(item));
}

function parseTombstones(text = 'message'): boolean {
  if (text === 'message' || text === 'delete') return text === 'delete';
  throw badRequest(`tombstones may be message or delete, not ${text}`);
}

function parseMaxAge(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw badRequest(`maxAgeMs must be milliseconds, not ${text}`);
}

export const sseFamily: Family = {
  prefix: '/sse',
  name: 'Server-Sent Events',
  doc: {
    description: 'Records as they come, for `EventSource` and everything that reads like it.',
    error: restErrorDoc('application/json'),
  },
  routes: [
    {
      method: 'GET',
      path: '/:topic',
      handle: streamTopics,
      urlToken: true,
      doc: {
        summary: 'Stream records as server-sent events',
        description:
          'Each event is a record in JSON; its id says how far all partitions were read, and ' +
          'comes back as Last-Event-ID when the client has to come again. Every 15 s without a ' +
          'record a comment keeps the line alive. An `error` event ends the stream; its data ' +
          'is an error_code and a message.',
        path: { topic: 'A topic, or several with commas between them.' },
        parameters: [
          ...liveParameters,
          {
            in: 'header',
            name: 'Last-Event-ID',
            description: 'The id of the last event that was seen: the stream goes on behind it.',
          },
          {
            in: 'query',
            name: 'tombstones',
            description: '`delete`: a record without a value is an event `delete`, not `message`.',
            schema: { type: 'string', enum: ['message', 'delete'], default: 'message' },
          },
          {
            in: 'query',
            name: 'maxAgeMs',
            description: 'When the stream is to end; at most what KEDGE_STREAM_MAX_AGE_MS says.',
            schema: { type: 'integer', minimum: 1 },
          },
        ],
        answers: {
          200: { description: 'The stream.', type, schema: { type: 'string' } },
          204: {
            description:
              'A client came again for a topic that is gone: there will be nothing more, and it ' +
              'should stop asking.',
          },
        },
      },
    },
  ],
  errorResponse: restErrors('application/json'),
};
