/** What belongs to no dialect: health, the document, and the ways in for Kafka clients. */
import { concat } from '../../../../src/bytes/writer.ts';
import { metadata } from '../../../../src/protocol/apis/metadata.ts';
import { encodeRequestFrame } from '../../../../src/protocol/header.ts';
import { defaultsOf } from '../../../../src/protocol/schema.ts';
import { asWebSocket, type Row, upgraded } from './row.ts';

const hello = { correlationId: 7, clientId: 'me' };
const frame = concat(
  encodeRequestFrame(metadata, 12, hello, { ...defaultsOf(metadata.request.fields), topics: null }),
).slice(4);

const bySasl = 'SASL asks, behind the WebSocket';
const stream = { headers: asWebSocket, status: upgraded, asksLater: bySasl };

export const ownRows: readonly Row[] = [
  { ask: 'GET /healthz', open: 'whoever watches over Kedge has no credentials' },
  { ask: 'GET /openapi.json', open: 'it is the same for everybody, and public' },
  { ask: 'GET /docs', open: 'it is the same for everybody, and public' },
  { ask: 'GET /docs/reference.css', open: 'it is the same for everybody, and public' },
  // What it may ask for is in the table of APIs.
  { ask: 'POST /kafka', body: frame, type: 'application/vnd.kedge.kafka' },
  { ask: 'GET /kafka', ...stream },
  { ask: 'GET /', ...stream },
  { ask: 'GET /kafka', about: 'without a WebSocket', status: 426 },
  { ask: 'GET /', about: 'without a WebSocket', status: 404 },
];
