/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677): the client proves that it knows a password
 * and we prove that we know its keys. The surprise: a user who is not there goes all the way, with
 * a salt that is always the same, and fails at the end like a wrong password.
 */
import type { Authenticator } from '../../../broker/authenticator.ts';
import { scramHash, signer } from '../../../broker/scram-keys.ts';
import { fromBase64, toBase64 } from '../../../bytes/base64.ts';
import { sameBytes } from '../../../bytes/same-bytes.ts';
import type { ScramCredential } from '../../../core/cluster/scram-credentials.ts';
import { bytesOf, type Exchange, SaslRefusal, type Step, saslName, textOf } from './exchange.ts';

/** Anything but a comma. */
const value = '[\\x01-\\x2b\\x2d-\\x7f]+';
const printable = '[\\x21-\\x2b\\x2d-\\x7e]+';
const base64 = '(?:[a-zA-Z0-9/+]{4})*(?:[a-zA-Z0-9/+]{3}=|[a-zA-Z0-9/+]{2}==)?';
const extensions = `(?:,[A-Za-z]+=${value})*`;

const firstForm = new RegExp(
  `^n,(?:a=(${saslName}))?,((?:m=${value},)?n=(${saslName}),r=(${printable})(${extensions}))$`,
);
const finalForm = new RegExp(`^(c=${base64},r=(${printable})${extensions}),p=(${base64})$`);

export interface ClientFirst {
  readonly authorizationId: string;
  readonly user: string;
  readonly nonce: string;
  /** The message without its beginning, as it is signed. */
  readonly bare: string;
}

export interface ClientFinal {
  readonly nonce: string;
  readonly proof: Uint8Array;
  readonly withoutProof: string;
}

/** Throws SaslRefusal. */
export function parseClientFirst(text: string): ClientFirst {
  const match = firstForm.exec(text);
  if (!match) throw new SaslRefusal();
  const [, authorizationId = '', bare, name, nonce, more] = match;
  const user = name.replaceAll('=2C', ',').replaceAll('=3D', '=');
  // Delegation tokens, of which there are none.
  if (/,tokenauth=true(,|$)/i.test(more)) throw new SaslRefusal();
  return { authorizationId, user, nonce, bare };
}

/** Throws SaslRefusal. */
export function parseClientFinal(text: string): ClientFinal {
  const match = finalForm.exec(text);
  if (!match) throw new SaslRefusal();
  const [, withoutProof, nonce, proof] = match;
  return { nonce, proof: fromBase64(proof)!, withoutProof };
}

type Who = Pick<Authenticator, 'credential'> & { noteFailure(): void };

/** `serverNonce`: what nobody could guess. */
export function scramExchange(mechanism: number, who: Who, serverNonce: string): Exchange {
  let finish: ((final: ClientFinal) => Promise<Step>) | undefined;
  return {
    async next(token) {
      if (finish !== undefined) return finish(parseClientFinal(textOf(token)));
      const first = parseClientFirst(textOf(token));
      const { authorizationId, user } = first;
      if (authorizationId !== '' && authorizationId !== user) {
        const why = 'Client requested an authorization id that is different from username';
        throw new SaslRefusal(`Authentication failed: ${why}`);
      }
      const credential = await who.credential(user, mechanism);
      const nonce = first.nonce + serverNonce;
      const serverFirst = `r=${nonce},s=${credential.salt},i=${credential.iterations}`;
      finish = async (final) => {
        const signed = `${first.bare},${serverFirst},${final.withoutProof}`;
        const isProof = await proves(mechanism, credential, signed, final.proof);
        if (!isNonce(final.nonce, first.nonce, serverNonce) || !isProof) {
          who.noteFailure();
          throw new SaslRefusal();
        }
        const sign = await signer(scramHash(mechanism), fromBase64(credential.serverKey)!);
        const signature = toBase64(await sign(bytesOf(signed)));
        const identity = { principal: { type: 'User', name: user } };
        return { token: bytesOf(`v=${signature}`), identity };
      };
      return { token: bytesOf(serverFirst) };
    },
  };
}

/**
 * Both nonces in a row. librdkafka before 2.6.1 says its own twice; Kafka took that as well before
 * it looked closely (CVE-2024-56128). What we made up is in it and signed, which is what counts.
 */
function isNonce(said: string, theirs: string, ours: string): boolean {
  return said === theirs + ours || said === theirs + theirs + ours;
}

/** The proof is the client's key, hidden by a signature that both sides can make. */
async function proves(
  mechanism: number,
  { storedKey }: ScramCredential,
  signed: string,
  proof: Uint8Array,
): Promise<boolean> {
  const hash = scramHash(mechanism);
  const stored = fromBase64(storedKey)!;
  const sign = await signer(hash, stored);
  const signature = await sign(bytesOf(signed));
  if (proof.length !== signature.length) return false;
  const clientKey = signature.map((byte, index) => byte ^ proof[index]);
  return sameBytes(new Uint8Array(await crypto.subtle.digest(hash, clientKey)), stored);
}
