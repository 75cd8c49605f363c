/** Version 2 of the REST Proxy. */
import { v2Json } from '../memory-door.ts';
import { group, type Row, topic } from './row.ts';

const records = { records: [{ value: 1 }] };
const me = '/rest/consumers/cooks/instances/me';
const place = { topic: 'orders', partition: 0 };
const partitions = { partitions: [place] };

const watched = 'whoever watches over Kedge has no credentials';

export const restRows: readonly Row[] = [
  { ask: 'GET /rest' },
  { ask: 'GET /rest/ready', status: 204, open: watched },
  { ask: 'GET /rest/status/ready', open: watched },
  { ask: 'GET /rest/healthy', status: 204, open: watched },
  { ask: 'GET /rest/openapi', status: 302, open: 'it says where to find what is public' },
  { ask: 'GET /rest/brokers' },
  { ask: 'GET /rest/topics', rights: [topic('DESCRIBE')], hides: [] },
  {
    ask: 'POST /rest/admin/topics',
    body: { topic_name: 'news' },
    status: 201,
    rights: [topic('CREATE', 'news')],
  },
  { ask: 'GET /rest/topics/orders', rights: [topic('DESCRIBE'), topic('DESCRIBE_CONFIGS')] },
  { ask: 'POST /rest/topics/orders', body: records, type: v2Json, rights: [topic('WRITE')] },
  { ask: 'GET /rest/topics/orders/partitions', rights: [topic('DESCRIBE')] },
  { ask: 'GET /rest/topics/orders/partitions/0', rights: [topic('DESCRIBE')] },
  {
    ask: 'POST /rest/topics/orders/partitions/0',
    body: records,
    type: v2Json,
    rights: [topic('WRITE')],
  },
  { ask: 'GET /rest/topics/orders/partitions/0/offsets', rights: [topic('DESCRIBE')] },
  { ask: 'GET /rest/topics/orders/partitions/0/records?timeout=0', rights: [topic('READ')] },
  { ask: 'POST /rest/consumers/cooks', body: { name: 'you' }, rights: [group('READ')] },
  { ask: `POST ${me}/subscription`, body: { topics: ['x'] }, status: 204, rights: [group('READ')] },
  { ask: `GET ${me}/subscription`, rights: [group('READ')] },
  { ask: `DELETE ${me}/subscription`, status: 204, rights: [group('READ')] },
  { ask: `POST ${me}/assignments`, body: partitions, status: 409, rights: [group('READ')] },
  { ask: `GET ${me}/assignments`, rights: [group('READ')] },
  { ask: `GET ${me}/records?timeout=0`, rights: [group('READ'), topic('READ')] },
  { ask: `POST ${me}/offsets`, rights: [group('READ'), topic('READ')] },
  { ask: `GET ${me}/offsets`, rights: [group('READ')] },
  {
    ask: `POST ${me}/positions`,
    body: { timestamps: [{ ...place, timestamp: 0 }] },
    status: 204,
    rights: [group('READ'), topic('DESCRIBE')],
  },
  { ask: `POST ${me}/positions/beginning`, body: partitions, status: 204, rights: [group('READ')] },
  { ask: `POST ${me}/positions/end`, body: partitions, status: 204, rights: [group('READ')] },
  { ask: `DELETE ${me}`, status: 204, rights: [group('READ')] },
];
