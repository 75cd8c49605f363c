/**
 * The routes under `/test` of a Kedge that was started with them. The surprise: their secret is
 * known to the test's own process alone, so a program under test cannot reach them by mistake.
 */
import type { KedgeAddress } from './kedge.ts';

export class Controls {
  readonly #at: KedgeAddress;

  constructor(at: KedgeAddress) {
    this.#at = at;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#ask('GET', path)).json() as Promise<T>;
  }

  /** What comes back; undefined where nothing does. */
  async post<T = void>(path: string, body?: object): Promise<T> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.#ask('POST', path, {
      ...json,
      headers: { 'content-type': 'application/json' },
    });
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** What is not there is deleted already. */
  async delete(path: string): Promise<void> {
    try {
      await this.#ask('DELETE', path);
    } catch (error) {
      if (!(error instanceof NotThere)) throw error;
    }
  }

  async download(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#ask('GET', path)).arrayBuffer());
  }

  async upload(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream' };
    await this.#ask('POST', path, { body: bytes, headers });
  }

  async #ask(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const { url, secret } = this.#at;
    const headers = new Headers(init.headers as Record<string, string>);
    if (secret !== undefined) headers.set('authorization', `Bearer ${secret}`);
    let response: Response;
    try {
      response = await fetch(`${url}/test${path}`, { ...init, method, headers });
    } catch (error) {
      throw new Unanswered(
        `No Kedge answers at ${url}. Was it stopped, or crashed with { restart: false }? ` +
          'After a crash `await kedge.restart()` brings it back.',
        { cause: error },
      );
    }
    if (response.ok) return response;
    throw refusal(response.status, await response.text(), url);
  }
}

/** A fault, or a group. */
class NotThere extends Error {}

/** Nobody answered. */
export class Unanswered extends Error {}

function refusal(status: number, text: string, url: string): Error {
  const message = messageOf(text);
  if (status === 400 || status === 422) return new TypeError(message);
  if (status === 404 && !message.startsWith('There is no')) {
    return new Error(
      `The Kedge at ${url} lets nobody control it who comes like this. Start it with startKedge(), ` +
        'or with `kedge dev --test-controls`; where that was given a secret, give it here, too.',
    );
  }
  return status === 404 ? new NotThere(message) : new Error(message);
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message ?? text);
  } catch {
    return text;
  }
}
