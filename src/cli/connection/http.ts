/**
 * A Kedge by HTTP, for what Kafka's protocol has no words for. The surprise: it is only there where
 * the way to the cluster is HTTP; other clusters have no such thing.
 */
import type { Credentials } from '../../client/channel.ts';
import { authorization } from '../../client/http.ts';
import { Refused } from '../usage.ts';

export class HttpConnection {
  readonly #url: string;
  readonly #credentials: Credentials;

  constructor(url: string, credentials: Credentials) {
    this.#url = url.replace(/\/+$/, '');
    this.#credentials = credentials;
  }

  /** The answer's JSON; undefined where it has none. Throws Refused. */
  // biome-ignore lint/suspicious/noExplicitAny: each command knows what its routes answer
  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...authorization(this.#credentials),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const request = { method, headers, body: sent };
    const response = await fetch(`${this.#url}${path}`, request).catch(() => {
      throw new Refused(`nothing answers at ${this.#url}; --url says where Kedge is.`);
    });
    const said = await response.text();
    if (response.ok) return said === '' ? undefined : parsed(said);
    const why = parsed(said)?.message ?? `status ${response.status}`;
    throw new Refused(response.status === 401 ? `${why} (${whoAsks(this.#credentials)})` : why);
  }
}

/** What to do about it, when a Kedge does not know who asks. */
export function whoAsks({ token, username }: Credentials): string {
  if (token !== undefined) {
    return 'the token that was shown, by KEDGE_TOKEN or --token, is none that it knows';
  }
  if (username !== undefined) return `the password of ${username} is another`;
  return 'the variable KEDGE_TOKEN says who you are';
}

// biome-ignore lint/suspicious/noExplicitAny: as `ask`
function parsed(said: string): any {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}
