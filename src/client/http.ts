/**
 * Kedge by HTTP: a request for each frame. The surprise: nothing keeps two requests in order that
 * are under way at the same time; the producer never has two for one partition.
 */
import { concat } from '../bytes/writer.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { type Channel, type Credentials, disconnected, type Transport } from './channel.ts';

const frameType = 'application/vnd.kedge.kafka';

export function httpTransport(url: URL, credentials: Credentials): Transport {
  const headers = { 'content-type': frameType, ...authorization(credentials) };
  return {
    address: url.href,
    async open() {
      return new HttpChannel(url.href, headers);
    },
  };
}

class HttpChannel implements Channel {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #closing = new AbortController();

  constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.#headers = headers;
  }

  get isOpen(): boolean {
    return !this.#closing.signal.aborted;
  }

  async request(chunks: readonly Uint8Array[]): Promise<Uint8Array | null> {
    let response: Response;
    let body: ArrayBuffer;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body: concat(chunks) as Uint8Array<ArrayBuffer>,
        signal: this.#closing.signal,
      });
      body = await response.arrayBuffer();
    } catch (error) {
      throw disconnected(`No answer from ${this.#url}: ${(error as Error).message}`, error);
    }
    if (response.status === 204) return null;
    if (response.ok) return new Uint8Array(body);
    throw refusal(response.status, new TextDecoder().decode(body));
  }

  close(): void {
    this.#closing.abort();
  }
}

/** The header that says who asks; empty when nothing is known. */
export function authorization({ token, username, password }: Credentials): {
  authorization?: string;
} {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  const pair = new TextEncoder().encode(`${username}:${password ?? ''}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...pair))}` };
}

function refusal(status: number, text: string): KafkaError {
  return new KafkaError(codeOf(status), `HTTP ${status}: ${messageOf(text)}`);
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message ?? text);
  } catch {
    return text.slice(0, 200);
  }
}

/** What came from Kedge as a frame has a code of its own; this is about what did not. */
function codeOf(status: number): number {
  switch (status) {
    case 400:
      return ErrorCode.INVALID_REQUEST;
    case 401:
      return ErrorCode.SASL_AUTHENTICATION_FAILED;
    case 403:
      return ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
    case 404:
    case 405:
    case 415:
      return ErrorCode.UNSUPPORTED_VERSION;
    case 413:
      return ErrorCode.MESSAGE_TOO_LARGE;
    case 429:
      return ErrorCode.THROTTLING_QUOTA_EXCEEDED;
    default:
      return ErrorCode.NETWORK_EXCEPTION;
  }
}
