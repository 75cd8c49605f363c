/**
 * Every route of every dialect at a Kedge as it is deployed, asked without credentials, with wrong
 * ones, by a user without rights, with all of the rights it takes but one, and with those and no
 * others. Nothing but the last is answered, or reaches an object. What a request of Kafka's own may
 * do is in the table of APIs (`test/broker/authorization`).
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { families } from '../../../../src/fronts/http/app.ts';
import { type Route, routesAt } from '../../../../src/fronts/http/routes.ts';
import { adminRows, pushRows } from './admin-rows.ts';
import { cloudEventRows, sseRows, wsRows } from './event-rows.ts';
import { GuardedDoor, standInForWebSockets } from './guarded-door.ts';
import { ownRows } from './own-rows.ts';
import { restRows } from './rest-rows.ts';
import { type Right, type Row, topic } from './row.ts';
import { streamRows } from './stream-rows.ts';
import { upstashRows } from './upstash-rows.ts';
import { v3Rows } from './v3-rows.ts';

/** By prefix. */
const tables: Readonly<Record<string, readonly Row[]>> = {
  '': ownRows,
  '/rest': restRows,
  '/v3': v3Rows,
  '/kafka/v3': v3Rows.map((row) => ({ ...row, ask: row.ask.replace(' /v3', ' /kafka/v3') })),
  '/upstash': upstashRows,
  '/cloudevents': cloudEventRows,
  '/sse': sseRows,
  '/streams': streamRows,
  '/push': pushRows,
  '/ws': wsRows,
  '/admin': adminRows,
};

interface Case {
  readonly prefix: string;
  readonly row: Row;
  readonly route: Route | undefined;
}

const cases: readonly Case[] = families.flatMap((family) =>
  (tables[family.prefix] ?? []).map((row) => {
    const [method, path] = row.ask.split(' ');
    const routes = routesAt(family, path.split('?')[0]);
    return { prefix: family.prefix, row, route: routes.find((route) => route.method === method) };
  }),
);

describe('the table', () => {
  test('has every route', () => {
    const missing = families.flatMap(({ prefix, routes }) =>
      routes
        .filter((route) => !cases.some((one) => one.prefix === prefix && one.route === route))
        .map(({ method, path }) => `${method} ${prefix}${path}`),
    );
    expect(missing).toEqual([]);
  });

  test('has nothing else', () => {
    expect(Object.keys(tables)).toEqual(families.map(({ prefix }) => prefix));
    expect(cases.filter(({ route }) => route === undefined)).toEqual([]);
  });

  test('says of what is open why', () => {
    const unlike = cases.filter(({ row, route }) => (row.open !== undefined) !== !!route?.open);
    expect(unlike.map(({ row }) => row.ask)).toEqual([]);
    const isLater = ({ row, route }: Case) => row.asksLater !== undefined && !route?.asksLater;
    expect(cases.filter(isLater).map(({ row }) => row.ask)).toEqual([]);
  });
});

test('browsers, and webhooks of others, may show credentials in a URL where the owner allows it', () => {
  const having = (mark: 'urlToken' | 'urlPassword') =>
    families.flatMap(({ prefix, routes }) =>
      routes.filter((route) => route[mark]).map(({ method, path }) => `${method} ${prefix}${path}`),
    );
  expect(having('urlToken')).toEqual([
    'GET /sse/:topic',
    'GET /ws/producer/:topic',
    'GET /ws/consumer/:topic/:group',
    'GET /ws/reader/:topic',
  ]);
  expect(having('urlPassword')).toEqual(['POST /upstash/webhook', 'GET /upstash/webhook']);
});

/** Who somebody is. */
const credentialLookUps: ReadonlySet<string> = new Set([
  'controller getScramCredentials',
  'controller getSecret',
  'controller getToken',
]);

/** They change nothing, and are not passed on: what may be seen is chosen from their answers. */
const lookUps: ReadonlySet<string> = new Set([
  ...credentialLookUps,
  'controller describeResourceConfigs',
  'controller findGroups',
  'controller getAcls',
  'controller getTopics',
  'controller listGroups',
  'controller listSubscriptions',
  'controller listTokens',
]);

function effects(calls: readonly string[], harmless = lookUps): string[] {
  return calls.filter((call) => {
    const [at, kind, command] = call.split(' ');
    // Some are made all the same, with nothing in them.
    return !harmless.has(`${at} ${kind}`) && !/^{"\w+":\[\]/.test(command);
  });
}

/** What the objects are called that a right is about. */
const objectsOf: Readonly<Record<string, RegExp>> = {
  TOPIC: /^partition /,
  GROUP: /^(group|consumer|subscription) /,
  CLUSTER: /^(controller|subscription) /,
};

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly calls: readonly string[];
}

async function ask(kedge: GuardedDoor, row: Row, authorization?: string): Promise<Answer> {
  kedge.calls.length = 0;
  const response = await kedge.fetch(row, authorization);
  const type = response.headers.get('content-type');
  const isEndless = type === 'text/event-stream';
  if (isEndless) await response.body?.cancel();
  const text = isEndless ? '' : await response.text();
  return { status: response.status, type, text, calls: [...kedge.calls] };
}

const message = expect.any(String);

/** That this is how the dialect says 401 or 403, and nothing more than that. */
function expectError(prefix: string, row: Row, answer: Answer, status: 401 | 403, why: string) {
  const { type, text } = answer;
  expect([answer.status, text], why).toEqual([status, expect.anything()]);
  if (row.ask.startsWith('HEAD')) expect(text, why).toBe('');
  else if (prefix === '/streams') {
    expect(type, why).toBe('text/plain; charset=utf-8');
    expect(text, why).toMatch(
      status === 403 ? /^Not authorized\.$/ : /^(Unauthorized$|A token in a URL)/,
    );
  } else if (prefix === '/upstash') {
    expect(JSON.parse(text), why).toEqual({ error: message, status });
  } else {
    const { offsets, ...rest } = JSON.parse(text);
    const refusal = { error_code: status * 100 + 1, message };
    if (offsets === undefined) expect(rest, why).toEqual(refusal);
    else {
      const { error_code, error } = offsets[0];
      expect({ error_code, message: error }, why).toEqual(refusal);
      expect(offsets, why).toEqual([expect.objectContaining({ partition: null, offset: null })]);
    }
  }
}

function expectRefusal(prefix: string, row: Row, answer: Answer, why: string): void {
  if (row.hides === undefined) expectError(prefix, row, answer, 403, why);
  else expect(JSON.parse(answer.text), why).toEqual(row.hides);
}

async function expectNoStrangers(kedge: GuardedDoor, { prefix, row, route }: Case): Promise<void> {
  const nobody = await ask(kedge, row);
  if (row.asksLater === undefined) expectError(prefix, row, nobody, 401, 'without credentials');
  else expect(nobody.status, 'without credentials').toBe(row.status);
  expect(nobody.calls).toEqual([]);
  for (const wrong of ['Bearer wrong', `Basic ${btoa('alice:wrong')}`, 'Digest alice', '']) {
    const answer = await ask(kedge, row, wrong);
    expectError(prefix, row, answer, 401, wrong);
    expect(effects(answer.calls, credentialLookUps), wrong).toEqual([]);
  }
  const mark = row.ask.includes('?') ? '&' : '?';
  for (const inUrl of ['token=secret', ...(row.asksLater ? [] : ['user=admin&pass=secret'])]) {
    const answer = await ask(kedge, { ...row, ask: `${row.ask}${mark}${inUrl}` });
    expectError(prefix, row, answer, 401, inUrl);
    expect(answer.calls, inUrl).toEqual([]);
  }
  if (route?.urlToken) return;
  const ofStream = await ask(kedge, row, kedge.keyNamed('STREAM_TOKEN'));
  expectError(prefix, row, ofStream, 401, 'with the token of a stream');
  expect(effects(ofStream.calls, credentialLookUps)).toEqual([]);
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Nor are they told by another method what there is. */
async function expectNoWayAround(kedge: GuardedDoor, { prefix, row }: Case): Promise<void> {
  const path = row.ask.split(' ')[1];
  const family = families.find((one) => one.prefix === prefix)!;
  const isOpen = (method: string) =>
    routesAt(family, path.split('?')[0]).some(
      (route) => route.method === method.replace('HEAD', 'GET') && (route.open || route.asksLater),
    );
  for (const method of methods.filter((method) => !isOpen(method))) {
    const { status, calls } = await ask(kedge, { ask: `${method} ${path}` });
    expect([status, calls], method).toEqual([401, []]);
  }
}

async function expectOnlyRights(kedge: GuardedDoor, { prefix, row }: Case): Promise<void> {
  const { rights = [], status = 200 } = row;
  if (rights.length > 0) {
    await kedge.onlyAllow([]);
    const answer = await ask(kedge, row, kedge.alice);
    expectRefusal(prefix, row, answer, 'without rights');
    expect(effects(answer.calls), 'without rights').toEqual([]);
  }
  for (const missing of rights.length > 1 ? rights : []) {
    await kedge.onlyAllow(rights.filter((right) => right !== missing));
    const why = `without ${missing.join(' ')}`;
    const answer = await ask(kedge, row, kedge.alice);
    const isHidden = row.hides !== undefined && answer.status !== 403;
    if (isHidden) expect(JSON.parse(answer.text), why).toEqual(row.hides);
    else if (row.withoutOne !== answer.status) expectError(prefix, row, answer, 403, why);
    const reached = effects(answer.calls).filter((call) => objectsOf[missing[1]].test(call));
    expect(
      reached.filter((call) => call.split(' ')[2] !== row.looks),
      why,
    ).toEqual([]);
  }
  for (const wanted of rights.filter(([operation]) => !operation.startsWith('DESCRIBE'))) {
    const less: Right = ['DESCRIBE', wanted[1], wanted[2]];
    await kedge.onlyAllow(rights.map((right) => (right === wanted ? less : right)));
    const answer = await ask(kedge, row, kedge.alice);
    expectRefusal(prefix, row, answer, `with DESCRIBE for ${wanted.join(' ')}`);
  }
  await kedge.onlyAllow(rights);
  const answer = await ask(kedge, row, kedge.alice);
  expect(answer.status, answer.text).toBe(status);
  if (row.hides !== undefined) expect(JSON.parse(answer.text)).not.toEqual(row.hides);
}

/** A token of its own opens it, and nothing else, whoever asks. */
async function expectOnlyKey(kedge: GuardedDoor, { row }: Case, key: string): Promise<void> {
  await kedge.onlyAllow([]);
  for (const other of [undefined, 'Bearer wrong', kedge.alice, 'Bearer secret']) {
    const { status, type, text } = await ask(kedge, row, other);
    expect([status, type], text).toEqual([401, 'application/json']);
    expect(JSON.parse(text)).toEqual({ error: { code: 'TOKEN_INVALID', message } });
  }
  expect((await ask(kedge, row, kedge.keyNamed(key))).status).toBe(row.status ?? 200);
}

beforeAll(standInForWebSockets);
afterAll(() => void vi.unstubAllGlobals());

const named = cases.map((one) => {
  const { ask, about } = one.row;
  return [about === undefined ? ask : `${ask}: ${about}`, one] as const;
});

test.each(named)('%s', async (_name, one) => {
  const { prefix, row } = one;
  await using kedge = new GuardedDoor();
  await kedge.furnish();
  if (prefix === '/streams') await kedge.furnishStreams();
  if (prefix === '/push') await kedge.furnishPush();
  if (row.key !== undefined) await expectOnlyKey(kedge, one, row.key);
  else if (row.open !== undefined) {
    for (const anybody of [undefined, 'Bearer wrong']) {
      expect((await ask(kedge, row, anybody)).status).toBe(row.status ?? 200);
    }
  } else {
    await expectNoStrangers(kedge, one);
    await expectNoWayAround(kedge, one);
    await expectOnlyRights(kedge, one);
  }
});

test('POST /kafka asks with the rights of who sends', async () => {
  await using kedge = new GuardedDoor();
  await kedge.furnish();
  const [row] = ownRows.filter((one) => one.ask === 'POST /kafka');
  for (const [rights, seen] of [
    [[], false],
    [[topic('DESCRIBE')], true],
  ] as const) {
    await kedge.onlyAllow(rights);
    const { status, text } = await ask(kedge, row, kedge.alice);
    expect([status, text.includes('orders'), text.includes('bills')]).toEqual([200, seen, false]);
  }
});
