/** The Upstash Kafka API. */
import type { Row } from './row.ts';
import { group, topic } from './row.ts';

const both = (path: string, row: Omit<Row, 'ask'>, methods = ['POST', 'GET']): Row[] =>
  methods.map((method) => ({
    ask: `${method} /upstash${path}`,
    ...row,
  }));

const place = { topic: 'orders', partition: 0 };
const at = '/cooks/me';

export const upstashRows: readonly Row[] = [
  ...both('/produce', { body: { topic: 'orders', value: 'x' }, rights: [topic('WRITE')] }),
  ...both('/produce/orders', { body: { value: 'x' }, rights: [topic('WRITE')] }),
  ...both('/produce/orders/x', { rights: [topic('WRITE')] }, ['GET']),
  ...both('/webhook?topic=orders', { body: 'x', rights: [topic('WRITE')] }),
  ...both('/fetch', { body: { ...place, offset: 0 }, rights: [topic('READ')] }),
  ...both(`/consume${at}`, {
    body: { topic: 'orders', timeout: 10 },
    rights: [group('READ'), topic('READ')],
  }),
  ...both(`/consume${at}/orders?timeout=10`, { rights: [group('READ'), topic('READ')] }, ['GET']),
  ...both(`/commit${at}`, {
    body: { ...place, offset: 1 },
    rights: [group('READ'), topic('READ')],
  }),
  ...both(`/delete-consumer${at}`, { rights: [group('READ')] }, ['POST', 'DELETE']),
  ...both(`/committed${at}`, { body: place, rights: [group('DESCRIBE'), topic('DESCRIBE')] }),
  ...both('/offsets/latest', { body: place, rights: [topic('DESCRIBE')] }),
  { ask: 'GET /upstash/topics', rights: [topic('DESCRIBE')], hides: {} },
  { ask: 'GET /upstash/consumers', rights: [group('DESCRIBE')], hides: [] },
];
