/** What the SDK makes of passwords is what the broker and Kafka's own clients make of them. */
import { expect, test } from 'vitest';
import { saltedPassword } from '../../src/broker/scram-keys.ts';
import { setPassword } from '../../src/client/admin/security.ts';
import { Link } from '../../src/client/link.ts';
import { MemoryKedge } from './memory-kedge.ts';

test('a password is taken as it is written, as by all others who make keys of it', async () => {
  using kedge = new MemoryKedge();
  const link = new Link(kedge, { clientId: 'me', requestTimeoutMs: 10_000 });
  const password = 'ﬁsh e\u0301';
  await setPassword(link, 'ada', password, {});
  const asked = kedge.asked('AlterUserScramCredentials').map(({ upsertions: [one] }) => one);
  expect(asked.map(({ mechanism }) => mechanism)).toEqual([1, 2]);
  for (const { mechanism, salt, iterations, saltedPassword: sent } of asked) {
    const expected = await saltedPassword(mechanism, password, salt, iterations);
    expect(Buffer.from(sent)).toEqual(Buffer.from(expected));
  }
});
