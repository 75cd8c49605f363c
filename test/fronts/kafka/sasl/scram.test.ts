import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newCredential } from '../../../../src/broker/scram-keys.ts';
import { bytesOf, SaslRefusal, textOf } from '../../../../src/fronts/kafka/sasl/exchange.ts';
import {
  parseClientFinal,
  parseClientFirst,
  scramExchange,
} from '../../../../src/fronts/kafka/sasl/scram.ts';

const hashes = ['', 'sha256', 'sha512'];

/** What a client says last, and what it expects to hear then. */
function clientFinal(
  mechanism: number,
  password: string,
  bare: string,
  serverFirst: string,
  said?: string,
) {
  const hash = hashes[mechanism];
  const [, nonce, salt, iterations] = /^r=(.*),s=(.*),i=(.*)$/.exec(serverFirst)!;
  const size = mechanism === 1 ? 32 : 64;
  const rounds = Number(iterations);
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), rounds, size, hash);
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash(hash).update(clientKey).digest();
  const withoutProof = `c=biws,r=${said ?? nonce}`;
  const signed = `${bare},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, signed);
  const proof = clientKey.map((byte, index) => byte ^ signature[index]);
  const expected = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
  return { text: `${withoutProof},p=${Buffer.from(proof).toString('base64')}`, expected };
}

async function exchangeFor(mechanism: number, user: string, password: string) {
  const credential = { mechanism, ...(await newCredential(mechanism, password)) };
  const asked: string[] = [];
  const who = {
    failures: 0,
    credential: async (name: string) => {
      asked.push(name);
      return credential;
    },
    noteFailure() {
      this.failures++;
    },
  };
  const exchange = scramExchange(mechanism, who, 'ours');
  const bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=theirs`;
  const { token } = await exchange.next(bytesOf(`n,,${bare}`));
  return { exchange, bare, serverFirst: textOf(token), asked, who };
}

describe.each([1, 2])('SCRAM, mechanism %i', (mechanism) => {
  it('lets in who proves to know the password, and proves to know its keys', async () => {
    const made = await exchangeFor(mechanism, 'a=b,c', 'pässword');
    expect(made.asked).toEqual(['a=b,c']);
    expect(made.serverFirst).toMatch(/^r=theirsours,s=.+,i=4096$/);
    const { text, expected } = clientFinal(mechanism, 'pässword', made.bare, made.serverFirst);
    const { token, identity } = await made.exchange.next(bytesOf(text));
    expect(textOf(token)).toBe(`v=${expected}`);
    expect(identity).toEqual({ principal: { type: 'User', name: 'a=b,c' } });
  });

  it('refuses who does not, and says nothing of why', async () => {
    const made = await exchangeFor(mechanism, 'alice', 'right');
    const { text } = clientFinal(mechanism, 'wrong', made.bare, made.serverFirst);
    const refusal = await made.exchange.next(bytesOf(text)).catch((error) => error);
    expect(refusal).toBeInstanceOf(SaslRefusal);
    expect(refusal.told).toBeUndefined();
    expect(made.who.failures).toBe(1);
  });

  it('refuses the right proof for a nonce that is not its own', async () => {
    const made = await exchangeFor(mechanism, 'alice', 'right');
    for (const nonce of ['theirsothers', 'theirs', 'ours', 'oursours', 'theirstheirstheirsours']) {
      const { text } = saying(nonce, made);
      await expect(made.exchange.next(bytesOf(text))).rejects.toThrow(SaslRefusal);
    }
  });

  it('knows the nonce of old librdkafka, which says its own part twice', async () => {
    const made = await exchangeFor(mechanism, 'alice', 'right');
    const { text } = saying('theirstheirsours', made);
    const { identity } = await made.exchange.next(bytesOf(text));
    expect(identity?.principal.name).toBe('alice');
  });

  function saying(nonce: string, { bare, serverFirst }: { bare: string; serverFirst: string }) {
    return clientFinal(mechanism, 'right', bare, serverFirst, nonce);
  }

  it('refuses who wants to be somebody else', async () => {
    const who = { credential: () => Promise.reject(new Error('asked')), noteFailure() {} };
    const exchange = scramExchange(mechanism, who, 'ours');
    await expect(exchange.next(bytesOf('n,a=bob,n=alice,r=x'))).rejects.toThrow(
      'Authentication failed: Client requested an authorization id that is different from username',
    );
  });
});

describe('the messages of SCRAM', () => {
  it.each([
    '',
    'n,,n=a',
    'y,,n=a,r=x',
    'p=tls,,n=a,r=x',
    'n,,n=a=b,r=x',
    'n,,n=,r=x',
    'n,,n=é,r=x',
  ])('are not %j at the start', (text) => {
    expect(() => parseClientFirst(text)).toThrow(SaslRefusal);
  });

  it('may say more at the start, but are not for delegation tokens', () => {
    const { bare, user, nonce } = parseClientFirst('n,a=u,n=u,r=x+/=,tokenauth=false,b=c');
    expect({ bare, user, nonce }).toEqual({
      bare: 'n=u,r=x+/=,tokenauth=false,b=c',
      user: 'u',
      nonce: 'x+/=',
    });
    expect(() => parseClientFirst('n,,n=u,r=x,tokenauth=true')).toThrow(SaslRefusal);
  });

  it.each(['', 'c=biws,r=x', 'c=biws,r=x,p=abc', 'c=biws,p=AAAA', 'c=biws,r=x,p=AAAA,a=b'])(
    'are not %j at the end',
    (text) => {
      expect(() => parseClientFinal(text)).toThrow(SaslRefusal);
    },
  );
});
