/**
 * The API's document is what it says it is: valid, whole, and true of every route. Each one is
 * asked with the examples of its own description, and answers what the description lists.
 */
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { families, httpApp } from '../../../src/fronts/http/app.ts';
import { openApi } from '../../../src/fronts/http/openapi.ts';
import { templateOf } from '../../../src/fronts/http/route-names.ts';
import type { Family, Route } from '../../../src/fronts/http/routes.ts';
import { defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryDoor } from './memory-door.ts';

const described = families.flatMap((family) =>
  family.routes.map((route) => ({
    name: `${route.method} ${family.prefix}${route.path}`,
    family,
    route,
  })),
);
const document = openApi(families);

test('is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

test('has every route of every dialect', () => {
  const paths = document.paths as Record<string, Record<string, unknown>>;
  const listed = Object.values(paths).flatMap((operations) => Object.keys(operations));
  expect(listed).toHaveLength(described.length);
});

test('names every operation once', () => {
  const operations = Object.values(document.paths as Record<string, Record<string, object>>);
  const ids = operations.flatMap((one) =>
    Object.values(one).map((operation) => (operation as { operationId: string }).operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  const names = families.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('has the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(document.info).toMatchObject({ version });
});

test('is served to whoever asks', async () => {
  await using kedge = new MemoryDoor();
  const { status, type, json } = await kedge.ask('GET', '/openapi.json');
  expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
  expect(json).toEqual(JSON.parse(JSON.stringify(document)));
});

describe('every description answers', () => {
  const ajv = new Ajv2020({ strict: false });
  beforeAll(() => ajv.addSchema({ $id: 'api', ...document }));

  test.each(described)('$name', async ({ family, route }) => {
    // With an authorizer, and everybody a super user: there are ACLs to speak of.
    await using kedge = new MemoryDoor({
      authorizerClassName: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      superUsers: 'User:ANONYMOUS',
    });
    await prepare(kedge);
    const request = await requestOf(kedge, family, route);
    const response = await httpApp().fetch(request, kedge.door);
    const listed = route.doc.answers[response.status];
    const text = response.status === 101 ? '' : await firstOf(response);
    expect(listed, `${response.status} ${text}`).toBeDefined();
    if (response.status >= 400) return;
    const type = response.headers.get('content-type');
    expect(type?.split(';')[0]).toBe(listed.type?.split(';')[0]);
    if (!/json$/.test(listed.type ?? '')) return;
    const schema = JSON.stringify(listed.schema ?? {}).replaceAll('"#/', '"api#/');
    const validate = ajv.compile(JSON.parse(schema));
    expect(validate(JSON.parse(text)), ajv.errorsText(validate.errors)).toBe(true);
  });
});

/** What the examples speak of: a topic with a record, and a consumer in a group. */
async function prepare(kedge: MemoryDoor): Promise<void> {
  const type = 'application/vnd.kafka.json.v2+json';
  const body = { records: [{ key: 'k', value: 'tea', partition: 0 }] };
  await kedge.ask('POST', '/rest/topics/orders', { body, type });
  await kedge.ask('POST', '/upstash/consume/g/i', { body: { topic: 'orders', timeout: 0 } });
  const offset = { topic: 'orders', partition: 0, offset: 1 };
  await kedge.ask('POST', '/upstash/commit/g/i', { body: offset });
  await kedge.ask('PUT', '/admin/users/alice', { body: { password: 'secret' } });
}

/** By the name of the parameter of the path. */
const inPath: Readonly<Record<string, string>> = {
  topic: 'orders',
  stream: 'orders',
  partition: '0',
  group: 'g',
  instance: 'i',
  subscription: 'push',
  message: 'tea',
  timestamp: 'earliest',
  user: 'alice',
  broker: String(defaultBrokerConfig.nodeId),
};

/** Examples that are no text: an ApiVersions request of version 0. */
const bytes: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  '/kafka': Uint8Array.of(0, 18, 0, 0, 0, 0, 0, 1, 255, 255),
};

async function requestOf(kedge: MemoryDoor, family: Family, route: Route): Promise<Request> {
  const { method, doc } = route;
  const [{ cluster_id: cluster }] = (await kedge.ask('GET', '/v3/clusters')).json.data;
  const config = `/v3/clusters/${cluster}/broker-configs/message.max.bytes`;
  await kedge.ask('PUT', config, { body: { value: '2000000' }, type: 'application/json' });
  const members = `/v3/clusters/${cluster}/consumer-groups/g/consumers`;
  const [{ consumer_id: consumer }] = (await kedge.ask('GET', members)).json.data;
  const template = templateOf(family, route);
  const name = template.includes('/topics/') ? 'retention.ms' : 'message.max.bytes';
  const made = await kedge.ask('POST', '/admin/tokens', { body: { principal: 'User:alice' } });
  const { id: token } = made.json;
  const names: Record<string, string> = { ...inPath, cluster, consumer, name, token };
  const filled = template.replaceAll(
    /\{(\w+)\}/g,
    (_whole, name) => names[name] ?? expect.fail(`What is an example of ${name}?`),
  );
  const query = new URLSearchParams();
  const headers = new Headers();
  for (const { in: place, name, example } of doc!.parameters ?? []) {
    if (example === undefined) continue;
    if (place === 'query') query.set(name, String(example));
    else headers.set(name, String(example));
  }
  const { body } = doc!;
  if (body) headers.set('content-type', body.types[0]);
  const text = typeof body?.example === 'string' ? body.example : JSON.stringify(body?.example);
  const request = new Request(`http://kedge.test${filled}?${query}`, {
    method: body ? 'POST' : method,
    headers,
    body: body && (bytes[template] ?? text),
  });
  // There are GETs with a body here, which no Request can be made of.
  return Object.defineProperty(request, 'method', { value: method });
}

/** The whole of an answer, or the beginning of one that does not end. */
async function firstOf(response: Response): Promise<string> {
  if (!/event-stream/.test(response.headers.get('content-type') ?? '')) return response.text();
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}
