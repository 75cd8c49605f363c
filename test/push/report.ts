/** An HTTP server that hears what a Worker has to tell. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Report<T> extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** In the order in which it came. */
  readonly heard: T[];
}

export type Answer = (
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void;

export async function report<T>(answer?: Answer): Promise<Report<T>> {
  const heard: T[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (answer !== undefined) return answer(body, request, response);
    heard.push(...JSON.parse(body));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
