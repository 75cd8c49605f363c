/** Durable Streams, with their subscriptions. */
import { cluster, group, type Row, topic } from './row.ts';

const at = '/streams/v1/stream';
const sub = `${at}/__ds/subscriptions/cooks`;
const hook = `${at}/__ds/subscriptions/hook`;
const json = 'application/json';
const body = [{ n: 1 }];
const pull = { type: 'pull-wake', streams: ['logs'], wake_stream: 'wakes' };
const wake = { wake_id: 'WAKE_ID', generation: 'GENERATION', done: true };
const hookWake = { wake_id: 'HOOK_ID', generation: 'HOOK_GENERATION', done: true };
const made = (operation: 'CREATE' | 'WRITE' | 'READ') => topic(operation, 'made');

export const streamRows: readonly Row[] = [
  { ask: `GET ${at}/__ds/jwks.json`, open: 'webhooks check signatures with it' },
  {
    ask: `PUT ${at}/__ds/subscriptions/made`,
    body: pull,
    status: 201,
    rights: [cluster('ALTER'), topic('WRITE', 'wakes')],
  },
  { ask: `GET ${sub}`, rights: [cluster('DESCRIBE')] },
  { ask: `DELETE ${sub}`, status: 204, rights: [cluster('ALTER')] },
  {
    ask: `POST ${sub}/streams`,
    body: { streams: ['others'] },
    status: 204,
    rights: [cluster('ALTER')],
  },
  { ask: `DELETE ${sub}/streams/logs`, status: 204, rights: [cluster('ALTER')] },
  { ask: `POST ${sub}/claim`, body: { worker: 'w' }, status: 409, rights: [group('READ')] },
  {
    ask: `POST ${hook}/callback`,
    body: hookWake,
    open: 'it asks for the token of the wake',
    key: 'HOOK_KEY',
  },
  { ask: `POST ${sub}/ack`, body: wake, open: 'it asks for the token of the wake', key: 'KEY' },
  {
    ask: `POST ${sub}/release`,
    body: wake,
    status: 204,
    open: 'it asks for the token of the wake',
    key: 'KEY',
  },
  { ask: `PUT ${at}/made`, type: json, status: 201, rights: [made('CREATE')] },
  {
    ask: `PUT ${at}/made`,
    about: 'by who may create any',
    type: json,
    status: 201,
    rights: [cluster('CREATE')],
  },
  {
    ask: `PUT ${at}/made`,
    about: 'with messages',
    body,
    type: json,
    status: 201,
    rights: [made('CREATE'), made('WRITE')],
  },
  {
    ask: `PUT ${at}/made`,
    about: 'a fork',
    headers: { 'stream-forked-from': 'logs' },
    status: 201,
    rights: [made('CREATE'), topic('READ', 'logs')],
  },
  {
    ask: `PUT ${at}/orders`,
    about: "a topic that has records, of Kafka's clients",
    headers: { 'stream-closed': 'true' },
    status: 201,
    rights: [topic('CREATE'), topic('ALTER_CONFIGS')],
    looks: 'streamDescribe',
  },
  { ask: `POST ${at}/logs`, body, type: json, status: 204, rights: [topic('WRITE', 'logs')] },
  { ask: `GET ${at}/logs`, rights: [topic('READ', 'logs')] },
  { ask: `GET ${at}/logs?live=sse&offset=now`, about: 'live', rights: [topic('READ', 'logs')] },
  { ask: `HEAD ${at}/logs`, rights: [topic('DESCRIBE', 'logs')] },
  { ask: `DELETE ${at}/logs`, status: 204, rights: [topic('DELETE', 'logs')] },
  {
    ask: `DELETE ${at}/branch`,
    about: 'the last fork of a stream that somebody has deleted',
    status: 204,
    rights: [topic('DELETE', 'branch')],
  },
  { ask: `GET ${at}/old`, about: 'deleted', status: 410, rights: [topic('READ', 'old')] },
];
