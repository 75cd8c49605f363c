/** Files of Kafka's own tools, as Java reads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseProperties, readProperties } from '../../src/cli/connection/properties.ts';

it.each([
  ['a=1\nb: 2\r\nc 3\n  d  =  4', { a: '1', b: '2', c: '3', d: '4' }],
  ['# a comment does not go on \\\na=1\n! nor this \\\nb=2', { a: '1', b: '2' }],
  ['a=one \\\n    two\\\r\n\tthree\nb=2', { a: 'one twothree', b: '2' }],
  ['a=back\\\\\nb=2', { a: 'back\\', b: '2' }],
  ['a\\ b\\=c=\\u00e9\\n\\"x\\"', { 'a b=c': 'é\n"x"' }],
  ['a\nb=\nc==x=y\n\n', { a: '', b: '', c: '=x=y' }],
])('%j', (text, meant) => expect(parseProperties(text)).toEqual(meant));

it('takes a password with quotes and other signs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-properties-'));
  const file = join(folder, 'client.properties');
  const lines = [
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=PLAIN',
    'sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\',
    '  serviceusername="no" username="alice" password="a\\\\"b=c;\\\\\\\\d";',
  ];
  writeFileSync(file, lines.join('\n'));
  const spoken = await readProperties(file).finally(() => rmSync(folder, { recursive: true }));
  expect(spoken).toMatchObject({ username: 'alice', password: 'a"b=c;\\d' });
});
