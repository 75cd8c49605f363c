/** The reference page: whole, of our own making alone, and safe from what it shows. */
import { expect, test } from 'vitest';
import { families } from '../../../src/fronts/http/app.ts';
import { operationId } from '../../../src/fronts/http/route-names.ts';
import { outline } from '../../../src/fronts/http/schema-outline.ts';
import { MemoryDoor } from './memory-door.ts';

test('shows every described route once', async () => {
  await using kedge = new MemoryDoor();
  const { status, type, text } = await kedge.ask('GET', '/docs');
  expect({ status, type }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
  const shown = [...text.matchAll(/<details id="(\w+)">/g)].map(([, id]) => id);
  const described = families.flatMap((family) =>
    family.routes.map((route) => operationId(family, route)),
  );
  expect(shown.sort()).toEqual(described.sort());
  expect(text).not.toMatch(/undefined|\[object|>false<|>null</);
});

test('loads its own style and nothing else', async () => {
  await using kedge = new MemoryDoor();
  const { text, headers } = await kedge.ask('GET', '/docs');
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
  expect(text).not.toMatch(/<script|style="|\son\w+=|<img|src=/);
  const [, href] = /<link rel="stylesheet" href="([^"]+)">/.exec(text)!;
  const style = await kedge.ask('GET', href);
  expect(style).toMatchObject({ status: 200, type: 'text/css; charset=utf-8' });
  expect(style.text).not.toMatch(/url\(|@import/);
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
  for (const link of links) {
    if (!link.startsWith('#')) expect((await kedge.ask('GET', link)).status).toBe(200);
    else expect(text).toContain(`id="${link.slice(1)}"`);
  }
});

test('says what a schema is as one would write it', () => {
  const schemas = {
    Node: {
      type: 'object',
      properties: { next: { $ref: '#/components/schemas/Node' }, n: { type: 'integer' } },
      required: ['n'],
    },
  };
  expect(outline({ $ref: '#/components/schemas/Node' }, schemas)).toBe(
    '{ "next"?: Node, "n": integer }',
  );
  expect(outline({ type: 'array', items: { type: ['string', 'null'] } })).toBe(
    '[string | null, …]',
  );
  expect(outline({ enum: ['a', 'b'], default: 'a' })).toBe('"a" | "b" = "a"');
  expect(outline({ anyOf: [{ const: 1 }, {}] })).toBe('1 | any');
  const long = Object.fromEntries(
    ['first', 'second', 'third', 'fourth'].map((name) => [`the ${name} field`, {}]),
  );
  expect(outline({ type: 'object', properties: long })).toMatch(
    /^\{\n {2}"the first field"\?: any,\n/,
  );
});
