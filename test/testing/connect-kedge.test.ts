import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { connectKedge } from '../../src/testing/index.ts';

/** A stand-in for a Kedge: it says how often it was started, and to a crash what it is told to. */
async function standIn(toCrash: 'nothing' | number): Promise<string> {
  let starts = 1;
  const server = createServer((request, response) => {
    if (request.method === 'GET') return void response.end(JSON.stringify({ starts }));
    if (toCrash !== 'nothing') return void response.writeHead(toCrash).end('{"message": "no"}');
    starts++;
    request.socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('takes a Kedge for crashed that ended before it could say so', async () => {
  const url = await standIn('nothing');
  await connectKedge({ url, bootstrapServers: '127.0.0.1:1' }).crash();
});

it('says so when a Kedge refuses', async () => {
  const url = await standIn(501);
  const crashing = connectKedge({ url, bootstrapServers: '127.0.0.1:1' }).crash();
  await expect(crashing).rejects.toThrow('no');
});
