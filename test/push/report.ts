/** An HTTP server that hears what a Worker has to tell. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Report<T> extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** In the order in which it came. */
  readonly heard: T[];
  /** When each of it came. */
  readonly heardAt: number[];
}

export type Answer = (
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void;

export async function report<T>(answer?: Answer): Promise<Report<T>> {
  const heard: T[] = [];
  const heardAt: number[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    // Who is killed in the middle of a sentence has said nothing.
    if (body === undefined) return;
    if (answer !== undefined) return answer(body, request, response);
    const now = Date.now();
    for (const one of JSON.parse(body)) {
      heard.push(one);
      heardAt.push(now);
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    heard,
    heardAt,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
