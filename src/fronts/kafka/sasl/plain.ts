/**
 * PLAIN (RFC 4616): a user and a password, as they are. The surprise: where the user is `token` the
 * password is one of Kedge's tokens, since clients have no other field for it.
 */
import type { Authenticator, Identity } from '../../../broker/authenticator.ts';
import { bytesOf, type Exchange, SaslRefusal, textOf } from './exchange.ts';

export interface PlainToken {
  /** Whom the client wants to be; empty: the user. */
  readonly authorizationId: string;
  readonly user: string;
  readonly password: string;
}

export function plainExchange(who: Pick<Authenticator, 'byPassword'>): Exchange {
  return {
    async next(token) {
      const plain = parsePlain(textOf(token));
      const identity = await who.byPassword(plain.user, plain.password);
      return { token: bytesOf(''), identity: checked(plain, identity) };
    },
  };
}

/** Throws SaslRefusal. */
export function parsePlain(text: string): PlainToken {
  const parts = text.split('\0').slice(0, 4);
  if (parts.length !== 3) {
    throw new SaslRefusal(`Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}`);
  }
  const [authorizationId, user, password] = parts;
  if (user === '') throw failed('username not specified');
  if (password === '') throw failed('password not specified');
  return { authorizationId, user, password };
}

function checked({ authorizationId, user }: PlainToken, identity: Identity | undefined): Identity {
  const isWhole = identity !== undefined && identity.onlyReads === undefined;
  if (!isWhole) throw failed('Invalid username or password');
  if (authorizationId === '' || authorizationId === user) return identity;
  throw failed('Client requested an authorization id that is different from username');
}

function failed(why: string): SaslRefusal {
  return new SaslRefusal(`Authentication failed: ${why}`);
}
