/**
 * Kafka's own protocol, one request a time: a frame in, a frame out, for programs that have HTTP
 * and nothing else. The surprise: each request is a connection of its own, so that nothing that
 * belongs to a connection (the order of requests, share sessions, SASL) outlives it.
 */
import { readBody } from './body.ts';
import { plainHttpError } from './errors.ts';
import type { HttpContext, Route } from './routes.ts';

/** What a frame is called over HTTP. */
const frameType = 'application/vnd.kedge.kafka';

async function kafkaFrame(c: HttpContext): Promise<Response> {
  const type = c.req.header('content-type')?.split(';')[0].trim().toLowerCase();
  if (type !== frameType) throw plainHttpError(415, `a frame comes as ${frameType}`);
  const frame = await readBody(c.req.raw);
  const answer = await c.get('kafka').answerFrame(frame);
  if (answer === undefined) throw plainHttpError(400, 'the frame cannot be answered');
  if (answer.byteLength === 0) return new Response(null, { status: 204 });
  return new Response(answer, { headers: { 'content-type': frameType } });
}

const frame = { type: 'string', contentEncoding: 'binary' };

export const kafkaFrameRoute: Route = {
  method: 'POST',
  path: '/kafka',
  handle: kafkaFrame,
  doc: {
    summary: "Send one request of Kafka's protocol",
    description:
      'The body is a request without the length that precedes it on a socket, the answer a ' +
      'response without its length. What a socket would be closed for is answered with 400.',
    body: { types: [frameType], schema: frame, required: true },
    answers: {
      200: { description: 'The response.', type: frameType, schema: frame },
      204: { description: 'The request is one that gets no response (Produce with acks 0).' },
    },
  },
};
