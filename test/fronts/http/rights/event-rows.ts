/** CloudEvents, server-sent events and WebSockets. */
import { asWebSocket, group, type Row, topic, upgraded } from './row.ts';

const event = { specversion: '1.0', id: '1', source: '/', type: 't' };
const type = 'application/cloudevents+json';
const member = '/cloudevents/orders/consumers/cooks/me';
const reading = [group('READ'), topic('READ')];

export const cloudEventRows: readonly Row[] = [
  { ask: 'POST /cloudevents/orders', body: event, type, rights: [topic('WRITE')] },
  { ask: 'OPTIONS /cloudevents/orders', rights: [topic('WRITE')] },
  { ask: 'GET /cloudevents/orders/partitions/0?timeout=10', rights: [topic('READ')] },
  { ask: `GET ${member}?timeout=10`, rights: reading },
  { ask: `DELETE ${member}`, status: 204, rights: [group('READ')] },
];

export const sseRows: readonly Row[] = [
  { ask: 'GET /sse/orders?offset=earliest&maxAgeMs=1', rights: [topic('READ')] },
  {
    ask: 'GET /sse/orders,bills?maxAgeMs=1',
    about: 'two topics',
    rights: [topic('READ'), topic('READ', 'bills')],
  },
];

const ws = { headers: asWebSocket, status: upgraded };

export const wsRows: readonly Row[] = [
  { ask: 'GET /ws/producer/orders', ...ws, rights: [topic('WRITE')] },
  { ask: 'GET /ws/reader/orders', ...ws, rights: [topic('READ')] },
  {
    ask: 'GET /ws/reader/orders,bills',
    about: 'two topics',
    ...ws,
    rights: [topic('READ'), topic('READ', 'bills')],
  },
  { ask: 'GET /ws/consumer/orders/cooks', ...ws, rights: reading },
];
