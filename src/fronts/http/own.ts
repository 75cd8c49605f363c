/**
 * What belongs to no dialect: whether Kedge is alive, and the way in for Kafka clients. The
 * surprise: a WebSocket to the root carries Kafka's bytes as well as one to `/kafka`, since
 * `cloudflared access tcp` knows of no path.
 */

import { parseListener } from '../../runtime/config.ts';
import type { ParameterDoc } from './doc.ts';
import { HttpError, plainHttpError, tooManyConnections } from './errors.ts';
import { kafkaFrameRoute } from './kafka-frame.ts';
import {
  type Family,
  finishLater,
  type HttpContext,
  jsonResponse,
  restErrorDoc,
  restErrors,
} from './routes.ts';

/** Health asks nobody: a check that reads storage is one that fails first. */
function health(): Response {
  return jsonResponse({ status: 'ok' }, 200, 'application/json');
}

/** Names the subprotocol of streams whose bytes are counted (`fronts/kafka/websocket.ts`). */
const countedStream = 'kafka.kedge.v1';

function isUpgrade(c: HttpContext): boolean {
  return c.req.header('upgrade')?.toLowerCase() === 'websocket';
}

function kafkaStream(c: HttpContext): Response {
  if (!isUpgrade(c)) {
    const error = new HttpError(426, 426, 'Kafka clients come here by a WebSocket: kedge tunnel.');
    const response = ownFamily.errorResponse(error, c);
    response.headers.set('upgrade', 'websocket');
    return response;
  }
  const offered = (c.req.header('sec-websocket-protocol') ?? '').split(/\s*,\s*/);
  const { context, identity } = c.get('kafka');
  const { principal, clientHost } = context;
  const { expiresAt } = identity;
  const accepted = c.env.kafkaStream(
    { principal, expiresAt, clientHost, dialled: localEnd, advertise: advertised(c) },
    offered.includes(countedStream),
  );
  if (accepted === undefined) throw tooManyConnections();
  const { response, served } = accepted;
  finishLater(c, served);
  return response;
}

/** Where a tunnel listens when nobody says anything else. */
const localEnd = { host: '127.0.0.1', port: 9092 };

/** The client's own end of the tunnel. cloudflared has a header for it: `--destination`. */
function advertised(c: HttpContext): { host: string; port: number } | undefined {
  const said = c.req.query('advertise') ?? c.req.header('cf-access-jump-destination');
  if (said === undefined) return undefined;
  try {
    return parseListener('advertise', said);
  } catch (error) {
    throw plainHttpError(400, (error as Error).message);
  }
}

const advertise: ParameterDoc = {
  in: 'query',
  name: 'advertise',
  description: "The address that Kafka clients are told to connect to: the tunnel's local end.",
};

const streamDoc = {
  summary: "Carry Kafka's byte stream in the binary messages of a WebSocket",
  parameters: [advertise],
  answers: {
    101: { description: 'The stream is open.' },
    426: { description: 'This was no WebSocket.', type: 'application/json' },
  },
};

const notAStream = {
  description: 'This was no WebSocket. What there is instead is listed.',
  type: 'application/json',
};

export const ownFamily: Family = {
  prefix: '',
  name: 'Kedge',
  doc: { description: 'What belongs to no dialect.', error: restErrorDoc('application/json') },
  routes: [
    {
      method: 'GET',
      path: '/healthz',
      handle: health,
      open: true,
      doc: {
        summary: 'Tell whether Kedge answers',
        answers: { 200: { description: 'It does.', type: 'application/json' } },
      },
    },
    { method: 'GET', path: '/kafka', handle: kafkaStream, asksLater: true, doc: streamDoc },
    kafkaFrameRoute,
    {
      method: 'GET',
      path: '/',
      handle: (c) => (isUpgrade(c) ? kafkaStream(c) : c.notFound()),
      asksLater: true,
      doc: { ...streamDoc, answers: { 101: streamDoc.answers[101], 404: notAStream } },
    },
  ],
  errorResponse: restErrors('application/json'),
};
