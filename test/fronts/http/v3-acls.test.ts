import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor } from './memory-door.ts';

let kedge: MemoryDoor;
let id: string;
let acls: string;

beforeEach(async () => {
  kedge = new MemoryDoor({
    authorizerClassName: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    superUsers: 'User:ANONYMOUS',
  });
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  acls = `/v3/clusters/${id}/acls`;
});
afterEach(() => kedge[Symbol.asyncDispose]());

const reading = {
  resource_type: 'TOPIC',
  resource_name: 'orders',
  pattern_type: 'LITERAL',
  principal: 'User:alice',
  host: '*',
  operation: 'READ',
  permission: 'ALLOW',
};
const grouping = {
  ...reading,
  resource_type: 'GROUP',
  resource_name: 'co',
  pattern_type: 'PREFIXED',
};
const denying = { ...reading, principal: 'User:bob', operation: 'ALL', permission: 'DENY' };

const post = (body: unknown, path = acls) =>
  kedge.ask('POST', path, { body, type: 'application/json' });
const urlOf = (acl: Record<string, string>) =>
  `http://kedge.test${acls}?${new URLSearchParams(acl)}`;
const jsonOf = (acl: Record<string, string>) => ({
  kind: 'KafkaAcl',
  metadata: { self: urlOf(acl), resource_name: null },
  cluster_id: id,
  ...acl,
});

describe('an ACL', () => {
  test('is created where its address finds it, and nothing else', async () => {
    await post({ data: [grouping, denying] }, `${acls}:batch`);
    const created = await post(reading);
    expect(created).toMatchObject({ status: 201, text: '' });
    const location = created.headers.get('location')!;
    expect(location).toBe(urlOf(reading));
    expect((await kedge.ask('GET', location.slice('http://kedge.test'.length))).json).toEqual({
      kind: 'KafkaAclList',
      metadata: { self: location, next: null },
      data: [jsonOf(reading)],
    });
  });

  test('is one of many, in order', async () => {
    const made = await post({ data: [grouping, denying, reading] }, `${acls}:batch`);
    expect(made).toMatchObject({ status: 201, text: '' });
    const { json } = await kedge.ask('GET', acls);
    const anything = { resource_name: '', principal: '', host: '', resource_type: 'ANY' };
    const filter = { ...anything, pattern_type: 'ANY', operation: 'ANY', permission: 'ANY' };
    const self = new URL(json.metadata.self);
    expect(Object.fromEntries(self.searchParams)).toEqual(filter);
    expect(json.data).toEqual([reading, denying, grouping].map(jsonOf));
  });

  test.each([
    ['principal=User:bob', [denying]],
    ['resource_type=group', [grouping]],
    ['resource_type=topic&operation=read', [reading]],
    ['pattern_type=MATCH&resource_type=GROUP&resource_name=cooks', [grouping]],
    ['permission=DENY&resource_name=orders', [denying]],
    ['host=10.0.0.1', []],
    ['principal=User:nobody', []],
  ])('is found by %s', async (query, found) => {
    await post({ data: [grouping, denying, reading] }, `${acls}:batch`);
    const { json } = await kedge.ask('GET', `${acls}?${query}`);
    expect(json.data).toEqual(found.map(jsonOf));
  });

  test('is deleted by what finds it, and told', async () => {
    await post({ data: [grouping, denying, reading] }, `${acls}:batch`);
    const deleted = await kedge.ask('DELETE', `${acls}?resource_type=TOPIC&resource_name=orders`);
    expect(deleted).toMatchObject({ status: 200, json: { data: [reading, denying].map(jsonOf) } });
    expect((await kedge.ask('GET', acls)).json.data).toEqual([jsonOf(grouping)]);
    expect((await kedge.ask('DELETE', acls)).json.data).toEqual([jsonOf(grouping)]);
  });
});

describe('what is no ACL', () => {
  test.each([
    [{ ...reading, resource_type: 'ANY' }, 400, 'resource_type cannot be ANY'],
    [{ ...reading, resource_type: 'unknown' }, 400, 'resource_type cannot be UNKNOWN'],
    [{ ...reading, pattern_type: 'MATCH' }, 400, 'pattern_type cannot be MATCH'],
    [{ ...reading, operation: 'ANY' }, 400, 'operation cannot be ANY'],
    [{ ...reading, permission: 'ANY' }, 400, 'permission cannot be ANY'],
    [{ ...reading, permission: 'MAYBE' }, 400, 'permission must be one of DENY, ALLOW'],
    [{ ...reading, principal: null }, 422, 'principal may not be null'],
    [{ ...reading, host: 1 }, 400, 'host must be a string'],
    [{ ...reading, user: 'alice' }, 422, 'Unrecognized field: user'],
  ])('%j is a %i', async (acl, status, message) => {
    const error = { status, json: { error_code: status } };
    expect(await post(acl)).toMatchObject({ ...error, json: { message } });
    expect(await post({ data: [reading, acl] }, `${acls}:batch`)).toMatchObject(error);
    expect((await kedge.ask('GET', acls)).json.data).toEqual([]);
  });

  test('Kafka has the last word', async () => {
    expect(await post({ ...reading, principal: 'alice' })).toMatchObject({
      status: 400,
      json: { error_code: 40002 },
    });
  });

  test.each(['operation=ANYTHING', 'resource_type=UNKNOWN'])('nothing is %s', async (query) => {
    for (const method of ['GET', 'DELETE']) {
      expect((await kedge.ask(method, `${acls}?${query}`)).status).toBe(400);
    }
  });
});

test('without an authorizer there are none', async () => {
  await using open = new MemoryDoor();
  const [{ cluster_id: cluster }] = (await open.ask('GET', '/v3/clusters')).json.data;
  for (const method of ['GET', 'DELETE']) {
    expect(await open.ask(method, `/v3/clusters/${cluster}/acls`)).toMatchObject({
      status: 400,
      json: { error_code: 40002 },
    });
  }
});
