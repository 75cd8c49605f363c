/**
 * Every route of REST v2 and v3, asked without credentials, by somebody without rights, by somebody
 * with all of the rights it takes but one, and by somebody with those and no others.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessFrom } from '../../../../src/broker/access.ts';
import { restFamily } from '../../../../src/fronts/http/rest/index.ts';
import { isPathOf } from '../../../../src/fronts/http/routes.ts';
import { v3Family } from '../../../../src/fronts/http/v3/index.ts';
import { CLUSTER_NAME } from '../../../../src/protocol/acl.ts';
import { type AppAsk, MemoryDoor, v2, v2Json } from '../memory-door.ts';

type Right = readonly [operation: string, type: string, name: string];

interface Row {
  readonly ask: string;
  readonly body?: unknown;
  readonly type?: string;
  /** What it is answered with; 200 unless it says otherwise. */
  readonly status?: number;
  /** All of them are needed; none: whoever is let in may. */
  readonly rights?: readonly Right[];
  /** What is told to who may not, in the place of a refusal. */
  readonly hides?: unknown;
  /** Where one right is missing and what it is about is as if it were not there. */
  readonly withoutOne?: number;
}

const topic = (operation: string, name = 'orders'): Right => [operation, 'TOPIC', name];
const group = (operation: string): Right => [operation, 'GROUP', 'cooks'];
const cluster = (operation: string): Right => [operation, 'CLUSTER', CLUSTER_NAME];

const records = { records: [{ value: 1 }] };
const me = '/rest/consumers/cooks/instances/me';
const place = { topic: 'orders', partition: 0 };
const partitions = { partitions: [place] };
const json = 'application/json';

const restRows: readonly Row[] = [
  { ask: 'GET /rest' },
  { ask: 'GET /rest/brokers' },
  { ask: 'GET /rest/topics', rights: [topic('DESCRIBE')], hides: [] },
  {
    ask: 'POST /rest/admin/topics',
    body: { topic_name: 'bills' },
    status: 201,
    rights: [topic('CREATE', 'bills')],
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

const c = '/v3/clusters/CLUSTER';
const t = `${c}/topics/orders`;
const g = `${c}/consumer-groups/cooks`;
const acl = {
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
const configRows = (path: string, name: string, right: (operation: string) => Right): Row[] => {
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

const v3Rows: readonly Row[] = [
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
    body: { topic_name: 'bills' },
    status: 201,
    rights: [topic('CREATE', 'bills')],
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
    ask: `GET ${c}/topics/bills/default-configs`,
    rights: [topic('CREATE', 'bills'), topic('DESCRIBE_CONFIGS', 'bills')],
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

const rows = [...restRows, ...v3Rows];
const owner = { authorization: 'Bearer secret' };
let kedge: MemoryDoor;
let names: Readonly<Record<string, string>>;

beforeEach(async () => {
  kedge = new MemoryDoor(
    {
      authorizerClassName: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      superUsers: 'User:admin',
      numPartitions: 1,
    },
    { access: accessFrom({ KEDGE_OPEN: 'true', KEDGE_TOKEN: 'secret' }) },
  );
  const root = (method: string, path: string, ask: AppAsk = {}) =>
    kedge.ask(method, path, { headers: owner, type: v2, ...ask });
  await root('POST', '/rest/topics/orders', { body: records, type: v2Json });
  const config = { name: 'me', format: 'json', 'auto.offset.reset': 'earliest' };
  await root('POST', '/rest/consumers/cooks', { body: config });
  await root('POST', `${me}/subscription`, { body: { topics: ['orders'] } });
  await root('GET', `${me}/records?timeout=0`);
  await root('POST', `${me}/offsets`);
  await root('POST', '/rest/topics/orders', { body: records, type: v2Json });
  const [{ cluster_id: id }] = (await root('GET', '/v3/clusters')).json.data;
  const consumers = await root('GET', `/v3/clusters/${id}/consumer-groups/cooks/consumers`);
  names = { CLUSTER: id, CONSUMER: consumers.json.data[0].consumer_id };
});
afterEach(() => kedge[Symbol.asyncDispose]());

/** What everybody may do, who says nothing of who they are. */
async function allow(rights: readonly Right[]): Promise<void> {
  const data = rights.map(([operation, resource_type, resource_name]) => ({
    ...acl,
    principal: 'User:ANONYMOUS',
    operation,
    resource_type,
    resource_name,
  }));
  const path = `/v3/clusters/${names.CLUSTER}/acls:batch`;
  const body = { data };
  const { status } = await kedge.ask('POST', path, { body, type: json, headers: owner });
  expect(status).toBe(201);
}

function pathOf(row: Row): [method: string, path: string] {
  const [method, path] = row.ask.split(' ');
  return [method, path.replaceAll(/CLUSTER|CONSUMER/g, (name) => names[name])];
}

function send(row: Row, door = kedge) {
  const [method, path] = pathOf(row);
  const ask = row.body === undefined ? {} : { body: row.body, type: row.type ?? json };
  return door.ask(method, path, ask);
}

async function expectRefusal(row: Row): Promise<void> {
  const answer = await send(row);
  if (row.hides !== undefined) {
    expect(answer.json).toEqual(row.hides);
    return;
  }
  expect(answer.status, answer.text).toBe(403);
  const [record] = answer.json.offsets ?? [answer.json];
  expect(record.error_code).toBe(40301);
}

test('every route has a row', () => {
  for (const { prefix, routes } of [restFamily, v3Family]) {
    const missing = routes
      .filter(({ open }) => !open)
      .filter(
        (route) =>
          !rows.some(({ ask }) => {
            const [method, path] = ask.split(' ');
            return method === route.method && isPathOf(route, prefix, path.split('?')[0]);
          }),
      );
    expect(missing.map(({ method, path }) => `${method} ${prefix}${path}`)).toEqual([]);
  }
});

describe.each(rows)('$ask', (row) => {
  const { rights = [], status = 200 } = row;

  test('without credentials, where they are asked for', async () => {
    await using closed = new MemoryDoor({}, { access: accessFrom({ KEDGE_TOKEN: 'secret' }) });
    expect(await send(row, closed)).toMatchObject({ status: 401, json: { error_code: 40101 } });
  });

  test('with these rights and no others', async () => {
    await allow(rights);
    const answer = await send(row);
    expect(answer.status, answer.text).toBe(status);
    if (row.hides !== undefined) expect(answer.json).not.toEqual(row.hides);
    expect(answer.json?.error_code ?? 0).not.toBe(40301);
  });

  test.runIf(rights.length > 0)('without rights', () => expectRefusal(row));

  const halves = rights.length > 1 ? rights.map((right) => [right.join(' '), right] as const) : [];
  test.each(halves)('without %s alone', async (_name, missing) => {
    await allow(rights.filter((right) => right !== missing));
    const { status, text } = await send(row);
    const hidden = row.hides !== undefined && JSON.stringify(JSON.parse(text).data) === '[]';
    if (!hidden) expect([403, row.withoutOne], text).toContain(status);
  });
});
