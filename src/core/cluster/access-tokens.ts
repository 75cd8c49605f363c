/**
 * The tokens by which programs show who they are, and the secret that this cluster alone knows. The
 * surprise: a token is not kept, only what tells whether one that is shown is one that was made.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { CallOf, ReplyOf, Row } from '../machine.ts';
import type { Result } from './results.ts';
import { resultOf } from './results.ts';

export interface AccessToken {
  readonly id: string;
  /** Who brings it is this one: `User:alice`. */
  readonly principal: string;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** From then on it is worth nothing; null: never. */
  readonly expiresAt: number | null;
}

export interface KeptToken extends AccessToken {
  /** Base64 of a hash of the id and the secret. */
  readonly hash: string;
}

/** What the machine is asked of tokens. */
export interface AccessTokenCalls {
  createToken: { command: KeptToken; reply: Result };
  deleteToken: { command: { id: string }; reply: Result };
  /** All that have not expired long ago, the oldest first. */
  listTokens: { command: Record<never, never>; reply: { tokens: readonly AccessToken[] } };
  getToken: { command: { id: string }; reply: { token: KeptToken | null } };
  /** Made when it is first asked for; it never changes. */
  getSecret: { command: Record<never, never>; reply: { secret: string } };
}

/** So many there may be. */
export const mostTokens = 10_000;
/** For so long one that has expired is still listed. */
const mournedMs = 86_400_000;

interface Decision {
  readonly reply: ReplyOf<AccessTokenCalls>;
  readonly rows: readonly Row[];
}

export class AccessTokens {
  readonly #tokens = new Map<string, KeptToken>();
  readonly #newUuid: () => string;
  #secret: string | undefined;

  constructor(newUuid: () => string) {
    this.#newUuid = newUuid;
  }

  replay(id: string, token: Omit<KeptToken, 'id'> | null): void {
    if (token === null) this.#tokens.delete(id);
    else this.#tokens.set(id, { ...token, id });
  }

  replaySecret(secret: string): void {
    this.#secret = secret;
  }

  decide(call: CallOf<AccessTokenCalls>, now: number): Decision {
    switch (call.kind) {
      case 'createToken':
        return this.#create(call.command, now);
      case 'deleteToken':
        return this.#delete(call.command.id);
      case 'listTokens':
        return { reply: { tokens: this.#list(now) }, rows: [] };
      case 'getToken':
        return { reply: { token: this.#tokens.get(call.command.id) ?? null }, rows: [] };
      case 'getSecret':
        return this.#getSecret();
    }
  }

  #create({ id, ...token }: KeptToken, now: number): Decision {
    const gone = [...this.#tokens.values()].filter(({ expiresAt }) => isLongGone(expiresAt, now));
    const rows: Row[] = gone.map((old) => ({ key: `token:${old.id}`, value: null }));
    const reply = resultOf(() => {
      if (this.#tokens.has(id)) {
        throw new KafkaError(ErrorCode.DUPLICATE_RESOURCE, 'There is a token of this id already.');
      }
      if (this.#tokens.size - gone.length >= mostTokens) {
        const message = `There are ${mostTokens} tokens already; delete some.`;
        throw new KafkaError(ErrorCode.POLICY_VIOLATION, message);
      }
      rows.push({ key: `token:${id}`, value: token });
    });
    return { reply, rows };
  }

  #delete(id: string): Decision {
    if (this.#tokens.has(id)) return { reply: ok, rows: [{ key: `token:${id}`, value: null }] };
    const errorMessage = 'There is no token of this id.';
    return { reply: { errorCode: ErrorCode.RESOURCE_NOT_FOUND, errorMessage }, rows: [] };
  }

  #list(now: number): AccessToken[] {
    return [...this.#tokens.values()]
      .filter(({ expiresAt }) => !isLongGone(expiresAt, now))
      .map(({ hash: _, ...token }) => token)
      .sort((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1));
  }

  #getSecret(): Decision {
    if (this.#secret !== undefined) return { reply: { secret: this.#secret }, rows: [] };
    const secret = this.#newUuid() + this.#newUuid();
    return { reply: { secret }, rows: [{ key: 'secret', value: { secret } }] };
  }
}

const ok: Result = { errorCode: ErrorCode.NONE, errorMessage: null };

function isLongGone(expiresAt: number | null, now: number): boolean {
  return expiresAt !== null && now - expiresAt > mournedMs;
}
