/** Version 3 of the REST API. */
import { expect } from 'vitest';
import { cluster, group, type Right, type Row, topic } from './row.ts';

const c = '/v3/clusters/CLUSTER';
const t = `${c}/topics/orders`;
const g = `${c}/consumer-groups/cooks`;
export const acl = {
  resource_type: 'TOPIC',
  resource_name: 'orders',
  pattern_type: 'LITERAL',
  principal: 'User:alice',
  host: '*',
  operation: 'READ',
  permission: 'ALLOW',
};
const noData = expect.objectContaining({ data: [] });

/** The six routes of what has configs. */
const configRows = (path: string, name: string, right: (operation: Right[0]) => Right): Row[] => {
  const isStrict = !path.endsWith('/broker-configs');
  // Which lets its holder describe them as well.
  const altering = [right('ALTER_CONFIGS')];
  const change = { data: [{ name, value: '1000000' }] };
  return [
    { ask: `GET ${path}`, rights: [right('DESCRIBE_CONFIGS')] },
    {
      ask: `GET ${path}/${name}`,
      status: isStrict ? 200 : 404,
      rights: [right('DESCRIBE_CONFIGS')],
    },
    { ask: `PUT ${path}/${name}`, body: { value: '1000000' }, status: 204, rights: altering },
    { ask: `DELETE ${path}/${name}`, status: 204, rights: altering },
    { ask: `POST ${path}:alter`, body: change, status: 204, rights: altering },
  ];
};

export const v3Rows: readonly Row[] = [
  { ask: 'GET /v3/clusters' },
  { ask: `GET ${c}` },
  { ask: `GET ${c}/brokers` },
  { ask: `GET ${c}/brokers/1` },
  { ask: `GET ${c}/brokers/-/configs`, rights: [cluster('DESCRIBE_CONFIGS')] },
  ...configRows(`${c}/brokers/1/configs`, 'message.max.bytes', cluster),
  ...configRows(`${c}/broker-configs`, 'message.max.bytes', cluster),
  { ask: `GET ${c}/brokers/1/partition-replicas`, rights: [topic('DESCRIBE')], hides: noData },
  { ask: `GET ${c}/topics`, rights: [topic('DESCRIBE')], hides: noData },
  {
    ask: `POST ${c}/topics`,
    body: { topic_name: 'news' },
    status: 201,
    rights: [topic('CREATE', 'news')],
  },
  { ask: `GET ${t}`, rights: [topic('DESCRIBE')] },
  { ask: `PATCH ${t}`, body: { partitions_count: 2 }, rights: [topic('ALTER')] },
  { ask: `DELETE ${t}`, status: 204, rights: [topic('DELETE')] },
  {
    ask: `GET ${c}/topics/-/configs`,
    rights: [topic('DESCRIBE'), topic('DESCRIBE_CONFIGS')],
    hides: noData,
  },
  ...configRows(`${t}/configs`, 'max.message.bytes', topic),
  {
    ask: `POST ${c}/topics/-/configs:alter`,
    body: {
      data: [{ topic_name: 'orders', configs: [{ name: 'retention.ms', value: '86400000' }] }],
    },
    status: 204,
    rights: [topic('ALTER_CONFIGS')],
  },
  {
    ask: `GET ${c}/topics/news/default-configs`,
    rights: [topic('CREATE', 'news'), topic('DESCRIBE_CONFIGS', 'news')],
  },
  { ask: `GET ${c}/topics/-/partitions/-/reassignment`, rights: [cluster('DESCRIBE')] },
  {
    ask: `GET ${t}/partitions/-/reassignment`,
    rights: [topic('DESCRIBE'), cluster('DESCRIBE')],
  },
  {
    ask: `GET ${t}/partitions/0/reassignment`,
    status: 404,
    rights: [topic('DESCRIBE'), cluster('DESCRIBE')],
  },
  { ask: `GET ${t}/partitions`, rights: [topic('DESCRIBE')] },
  { ask: `GET ${t}/partitions/0`, rights: [topic('DESCRIBE')] },
  { ask: `GET ${t}/partitions/0/offset`, rights: [topic('DESCRIBE')] },
  { ask: `GET ${t}/partitions/0/replicas`, rights: [topic('DESCRIBE')] },
  { ask: `GET ${t}/partitions/0/replicas/1`, rights: [topic('DESCRIBE')] },
  { ask: `GET ${c}/consumer-groups`, rights: [group('DESCRIBE')], hides: noData },
  { ask: `GET ${g}`, rights: [group('DESCRIBE')] },
  { ask: `GET ${g}/consumers`, rights: [group('DESCRIBE')] },
  { ask: `GET ${g}/consumers/CONSUMER`, rights: [group('DESCRIBE')] },
  { ask: `GET ${g}/consumers/CONSUMER/assignments`, rights: [group('DESCRIBE')] },
  {
    ask: `GET ${g}/consumers/CONSUMER/assignments/orders/partitions/0`,
    rights: [group('DESCRIBE')],
  },
  { ask: `GET ${g}/lag-summary`, rights: [group('DESCRIBE'), topic('DESCRIBE')], withoutOne: 404 },
  { ask: `GET ${g}/lags`, rights: [group('DESCRIBE'), topic('DESCRIBE')], withoutOne: 404 },
  {
    ask: `GET ${g}/lags/orders/partitions/0`,
    rights: [group('DESCRIBE'), topic('DESCRIBE')],
    withoutOne: 404,
  },
  { ask: `GET ${c}/acls`, rights: [cluster('DESCRIBE')] },
  { ask: `POST ${c}/acls`, body: acl, status: 201, rights: [cluster('ALTER')] },
  { ask: `POST ${c}/acls:batch`, body: { data: [acl] }, status: 201, rights: [cluster('ALTER')] },
  { ask: `DELETE ${c}/acls?host=none`, rights: [cluster('ALTER')] },
  {
    ask: `POST ${t}/records`,
    body: { value: { type: 'JSON', data: 1 } },
    rights: [topic('WRITE')],
    hides: { error_code: 40301, message: expect.any(String) },
  },
  {
    ask: `POST ${t}/records:batch`,
    body: { entries: [{ id: '1', value: { type: 'JSON', data: 1 } }] },
    status: 207,
    rights: [topic('WRITE')],
    hides: {
      successes: [],
      failures: [{ id: '1', error_code: 40301, message: expect.any(String) }],
    },
  },
];
