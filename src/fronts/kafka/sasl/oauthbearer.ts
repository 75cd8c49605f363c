/**
 * OAUTHBEARER (RFC 7628): a token as HTTP has it, one that is signed for OAuth or one of Kedge's
 * own. The surprise: a wrong token is not refused at once; the client is told why as JSON, answers
 * with one byte, and only then is refused, with that JSON as the reason.
 */
import type { Authenticator } from '../../../broker/authenticator.ts';
import { bytesOf, type Exchange, SaslRefusal, saslName, textOf } from './exchange.ts';

const pairs = '(?:[A-Za-z]+=[\\x21-\\x7e \\t\\r\\n]+\\x01)*';
const form = new RegExp(`^n,(?:a=(${saslName}))?,\\x01(${pairs})\\x01$`);
const bearerForm = /^bearer +([-_~+/.a-zA-Z0-9]+=*)$/i;

/** What a client is told of a token that is not right. */
export const invalidToken = '{"status":"invalid_token"}';

export interface BearerToken {
  /** Whom the client wants to be; empty: whoever the token is for. */
  readonly authorizationId: string;
  readonly token: string;
}

/** Throws SaslRefusal. */
export function parseBearer(text: string): BearerToken {
  const match = form.exec(text);
  const auth = match?.[2].split('\x01').find((pair) => pair.startsWith('auth='));
  const bearer = bearerForm.exec(auth?.slice('auth='.length) ?? '');
  if (!match || !bearer) throw new SaslRefusal();
  return { authorizationId: match[1] ?? '', token: bearer[1] };
}

export function oauthBearerExchange(who: Pick<Authenticator, 'byToken'>): Exchange {
  let refused = false;
  return {
    async next(message) {
      if (refused && message.length === 1 && message[0] === 1) throw new SaslRefusal(invalidToken);
      refused = false;
      const { authorizationId, token } = parseBearer(textOf(message));
      const identity = await who.byToken(token);
      if (identity === undefined || identity.onlyReads !== undefined) {
        refused = true;
        return { token: bytesOf(invalidToken) };
      }
      const { name } = identity.principal;
      if (authorizationId !== '' && authorizationId !== name) {
        const asked = `Client requested an authorization id (${authorizationId})`;
        const why = `${asked} that is different from the token's principal name (${name})`;
        throw new SaslRefusal(`Authentication failed: ${why}`);
      }
      return { token: bytesOf(''), identity };
    },
  };
}
