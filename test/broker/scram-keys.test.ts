import { createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scramKeys } from '../../src/broker/scram-keys.ts';

const base64 = (text: string) => Buffer.from(text, 'base64');

/** The exchange that RFC 7677 has as its example: user `user`, password `pencil`. */
const first = 'n=user,r=rOprNGfwEbeRWgbNEkqO';
const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const server = `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const exchange = `${first},${server},c=biws,r=${nonce}`;
const salted = pbkdf2Sync('pencil', base64('W22ZaJ0SNY7soEsUEjb6gQ=='), 4_096, 32, 'sha256');

describe('the keys of a salted password', () => {
  it('prove what RFC 7677 says they do', async () => {
    const { storedKey, serverKey } = await scramKeys(1, salted);
    const proof = createHmac('sha256', base64(serverKey)).update(exchange).digest('base64');
    expect(proof).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
    const signature = createHmac('sha256', base64(storedKey)).update(exchange).digest();
    const clientProof = base64('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=');
    const clientKey = Buffer.from(signature.map((byte, i) => byte ^ clientProof[i]!));
    const expected = createHmac('sha256', salted).update('Client Key').digest();
    expect(clientKey).toEqual(expected);
  });

  it('are longer for SHA-512', async () => {
    const { storedKey, serverKey } = await scramKeys(2, salted);
    expect([base64(storedKey).length, base64(serverKey).length]).toEqual([64, 64]);
  });

  it('are none without a password, or of an unknown mechanism', async () => {
    const none = { storedKey: '', serverKey: '' };
    expect(await scramKeys(1, new Uint8Array(0))).toEqual(none);
    expect(await scramKeys(3, salted)).toEqual(none);
  });
});
