/** The sections on streams: their code runs until it has shown what the page says. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Program } from '../cli/processes.ts';
import { page } from './page.ts';

const sse = page('docs/http.md#server-sent-events');
const sockets = page('docs/http.md#websocket');

async function until(program: Program, shows: RegExp): Promise<string> {
  while (!shows.test(program.stdout())) {
    if (program.stderr() !== '') throw new Error(program.stderr());
    await delay(20);
  }
  return program.stdout();
}

const produce = (url: string, value: object) =>
  fetch(`${url}/rest/topics/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: [{ value }] }),
  });

it('reads a stream with curl, and in a page', async () => {
  await produce(sse.kedge.url, { item: 'tea' });
  const text = await sse.shell('sse');
  expect(text).toContain('id: [{"topic":"orders","partition":0,"offset":1}]');
  expect(text).toContain('"value":{"item":"tea"}');
  // Node.js has no EventSource of its own.
  const code = `import { EventSource } from 'eventsource';\n${sse.code('sse-page')}
    source.addEventListener('open', () => console.log('open'));`;
  const program = sse.node('sse-page', code);
  await until(program, /open/);
  await produce(sse.kedge.url, { item: 'milk' });
  expect(await until(program, /milk/)).toContain("1 { item: 'milk' }");
});

it('produces over a WebSocket, and consumes over another', async () => {
  const produced = await until(sockets.node('websocket-produce'), /\]\n/);
  expect(produced).toContain('{"result":"ok","topic":"orders","partition":0,"offset":0,');
  expect(produced).toContain('"context":"first"');
  const consumed = await until(sockets.node('websocket-consume'), /cake/);
  expect(consumed).toBe("{ item: 'tea' }\n{ item: 'milk' }\n{ item: 'cake' }\n");
});
