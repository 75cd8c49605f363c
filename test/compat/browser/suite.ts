/**
 * A real browser, headless: Chromium with its own EventSource, WebSocket and fetch, and the rules
 * by which it keeps pages apart. Pages come from `http://app.example`, which Kedge is told to let
 * in, and from `http://evil.example`, which it is not.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { startLiveFeed } from '../../examples/live-feed.ts';
import { Kedge } from '../broker.ts';
import { type Case, runCases, type Suite, type SuiteContext } from '../suite.ts';
import { equal, includes, needsRestart, unique } from '../words.ts';
import { Chromium, type Page } from './chromium.ts';

const token = 'the-token-of-the-owner';
const app = 'http://app.example';
const evil = 'http://evil.example';

/** Where everything is while the suite runs. */
interface Place {
  readonly url: string;
  /** Where pages are served, whatever their host: `127.0.0.1:8080`. */
  readonly pages: string;
  page(origin: string): Promise<Page>;
}

const authorized = { authorization: `Bearer ${token}` };
const v2Json = { 'content-type': 'application/vnd.kafka.json.v2+json' };

async function produce(url: string, topic: string, ...values: unknown[]): Promise<void> {
  const { ok, status } = await fetch(`${url}/rest/topics/${topic}`, {
    method: 'POST',
    headers: { ...v2Json, ...authorized },
    body: JSON.stringify({ records: values.map((value) => ({ value })) }),
  });
  if (!ok) throw new Error(`produce: ${status}`);
}

async function topics(url: string): Promise<string[]> {
  const response = await fetch(`${url}/rest/topics`, { headers: authorized });
  return (await response.json()) as string[];
}

async function streamToken(url: string, topic: string): Promise<string> {
  const response = await fetch(`${url}/admin/stream-tokens`, {
    method: 'POST',
    headers: authorized,
    body: JSON.stringify({ topics: [topic] }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Runs in the page: collects what an EventSource says. */
const listen = (url: string) => `
  window.seen = []; window.states = [];
  window.source = new EventSource(${JSON.stringify(url)});
  source.onmessage = ({ data, lastEventId }) =>
    seen.push({ value: JSON.parse(data).value, id: JSON.parse(lastEventId) });
  source.onerror = () => states.push(source.readyState);
  undefined`;

/** Waits in the page until this is so. */
const until = (condition: string) => `new Promise((resolve) => {
  const look = () => (${condition}) ? resolve(true) : setTimeout(look, 20);
  look();
})`;

/** Runs in the page: what becomes of a WebSocket. */
const socketState = (url: string, protocols: readonly string[] = []) => `new Promise((resolve) => {
  const socket = new WebSocket(${JSON.stringify(url)}, ${JSON.stringify(protocols)});
  socket.onopen = () => { resolve('open'); socket.close(); };
  socket.onerror = () => resolve('refused');
})`;

const wsOf = (url: string) => url.replace('http', 'ws');

function streaming(place: Place): Case[] {
  return [
    {
      name: 'event-source',
      async run(context) {
        needsRestart(context);
        const topic = unique('feed');
        await produce(place.url, topic, 0, 1);
        const page = await place.page(app);
        const token = await streamToken(place.url, topic);
        const query = `offset=earliest&value=json&token=${token}`;
        await page.run(listen(`${place.url}/sse/${topic}?${query}`));
        await page.run(until('seen.length === 2'));
        await context.broker.restart('SIGTERM');
        await produce(place.url, topic, 2);
        await context.broker.restart('SIGKILL');
        await produce(place.url, topic, 3, 4);
        await page.run(until('seen.length >= 5'));
        const seen = await page.run('source.close(); seen');
        equal(
          seen.map(({ value }: { value: number }) => value),
          [0, 1, 2, 3, 4],
        );
        equal(seen.at(-1).id, [{ topic, partition: 0, offset: 5 }]);
        includes(await page.run('states'), 0);
      },
    },
    {
      name: 'stream-token',
      async run() {
        const [topic, other] = [unique('allowed'), unique('other')];
        await produce(place.url, topic, 1);
        await produce(place.url, other, 1);
        const page = await place.page(app);
        const token = await streamToken(place.url, topic);
        for (const query of ['', '?token=guess', `?token=${token}`]) {
          const name = query.length > 20 ? other : topic;
          await page.run(listen(`${place.url}/sse/${name}${query}`));
          await page.run(until('states.length > 0'));
          equal(await page.run('[source.readyState, seen.length]'), [2, 0]);
        }
        const reader = `${wsOf(place.url)}/ws/reader/${topic}?token=${token}`;
        equal(await page.run(socketState(reader)), 'open');
      },
    },
    {
      name: 'fetch-event-source',
      async run() {
        const topic = unique('fetched');
        await produce(place.url, topic, 0);
        const page = await place.page(app);
        await page.run(`window.seen = []; window.stop = new AbortController();
          library.fetchEventSource(${JSON.stringify(`${place.url}/sse/${topic}?value=json&offset=earliest&maxAgeMs=500`)}, {
            headers: ${JSON.stringify(authorized)}, signal: stop.signal, openWhenHidden: true,
            onmessage: ({ event, data }) => event && seen.push(JSON.parse(data).value),
            onclose: () => { throw new Error('come again'); },
            onerror: () => 100,
          }); undefined`);
        await page.run(until('seen.length === 1'));
        await new Promise((resolve) => setTimeout(resolve, 700));
        await produce(place.url, topic, 1);
        await page.run(until('seen.length === 2'));
        equal(await page.run('stop.abort(); seen'), [0, 1]);
      },
    },
    {
      name: 'live-feed',
      async run() {
        await produce(place.url, 'orders', { item: 'milk' });
        const feed = await startLiveFeed(place.url, token);
        const chromium = await Chromium.start({ 'feed.example': new URL(feed.url).host });
        try {
          const page = await chromium.open('http://feed.example/');
          const lines = `[...document.querySelectorAll('li')].map((line) => line.innerText)`;
          // It shows what comes once its stream is open, which nothing on the page tells.
          for (let shown = 0; shown === 0; shown = (await page.run(lines)).length) {
            await produce(place.url, 'orders', { item: 'tea' });
            await new Promise((resolve) => setTimeout(resolve, 200));
          }
          includes([(await page.run(lines))[0].endsWith('{"item":"tea"}')], true);
        } finally {
          await chromium.close();
          await feed.stop();
        }
      },
    },
    {
      name: 'websocket',
      async run() {
        const topic = unique('sockets');
        const page = await place.page(app);
        const protocols = JSON.stringify(['kafka.json.v1', `bearer.${token}`]);
        const url = `${wsOf(place.url)}/ws`;
        const seen = await page.run(`new Promise((resolve, reject) => {
          const producer = new WebSocket('${url}/producer/${topic}?value=json', ${protocols});
          producer.onerror = reject;
          producer.onopen = () => {
            for (let value = 0; value < 100; value++) producer.send(JSON.stringify({ value }));
          };
          const answers = [];
          producer.onmessage = ({ data }) => {
            if (answers.push(JSON.parse(data).result) < 100) return;
            const seen = [];
            const query = 'auto.offset.reset=earliest&value=json';
            const consumer = new WebSocket('${url}/consumer/${topic}/g?' + query, ${protocols});
            consumer.onerror = reject;
            consumer.onmessage = ({ data }) => {
              const { type, partition, offset, value } = JSON.parse(data);
              if (type) return;
              consumer.send(JSON.stringify({ type: 'ack', partition, offset }));
              if (seen.push(value) < 100) return;
              consumer.onclose = () => resolve({ answers, seen, protocol: consumer.protocol });
              consumer.close();
            };
          };
        })`);
        equal(new Set(seen.answers), new Set(['ok']));
        equal(
          seen.seen,
          Array.from({ length: 100 }, (_, index) => index),
        );
        equal(seen.protocol, 'kafka.json.v1');
      },
    },
  ];
}

/** The SDK in a page: it writes, reads back in a group, and is refused as it should be. */
function sdk(place: Place): Case[] {
  return [place.url, wsOf(place.url)].map((url) => ({
    name: `sdk-over-${url.startsWith('ws') ? 'websocket' : 'http'}`,
    async run() {
      const topic = unique('sdk');
      const page = await place.page(app);
      const seen = await page.run(`(async () => {
        const { Consumer, json, Producer } = library.kedge;
        const token = '${token}';
        const options = { token, value: json(), compression: 'gzip' };
        const producer = new Producer('${url}', options);
        const send = (_, value) => producer.send('${topic}', { value });
        await Promise.all(Array.from({ length: 500 }, send));
        await producer.close();
        const group = { groupId: '${topic}', autoOffsetReset: 'earliest', value: json(), token };
        const consumer = new Consumer('${url}', group);
        consumer.subscribe('${topic}');
        const values = [];
        for await (const { value } of consumer) if (values.push(value) === 500) break;
        await consumer.close();
        const stranger = new Producer('${url}', { token: 'guess' });
        const refused = await stranger.send('${topic}', { value: '' }).catch(({ name }) => name);
        return { values, refused };
      })()`);
      equal(
        seen.values,
        Array.from({ length: 500 }, (_, index) => index),
      );
      equal(seen.refused, 'SASL_AUTHENTICATION_FAILED');
    },
  }));
}

/** What a page does that means no good: none of it may leave a trace. */
const attacks = (url: string) => `Promise.allSettled([
  fetch('${url}/rest/topics/fetched', { method: 'POST', mode: 'no-cors', body: '{}' }),
  fetch('${url}/upstash/produce/imaged/x', { mode: 'no-cors', credentials: 'include' }),
  new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = resolve;
    image.src = '${url}/upstash/produce/imaged/x';
  }),
  new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.name = 'target';
    frame.onload = resolve;
    document.body.append(frame);
    const form = document.createElement('form');
    Object.assign(form, {
      method: 'POST', enctype: 'text/plain', target: 'target', action: '${url}/upstash/produce',
    });
    const input = document.createElement('input');
    Object.assign(input, { name: '{"topic":"formed","value":"', value: '"}' });
    form.append(input);
    document.body.append(form);
    form.submit();
  }),
]).then(() => 'done')`;

function keepingApart(place: Place): Case[] {
  const post = (url: string, topic: string) => `fetch('${url}/rest/topics/${topic}', {
    method: 'POST',
    headers: ${JSON.stringify({ ...v2Json, ...authorized })},
    body: '{"records":[{"value":1}]}',
  }).then(async (response) => [response.status, (await response.json()).offsets?.length],
    (error) => error.name)`;
  return [
    {
      name: 'cors-allowed',
      async run() {
        const topic = unique('shared');
        const page = await place.page(app);
        equal(await page.run(post(place.url, topic)), [200, 1]);
        const refused = `fetch('${place.url}/rest/topics').then(async (response) =>
          [response.status, response.headers.get('www-authenticate'), await response.json()])`;
        const [status, challenge, body] = await page.run(refused);
        equal([status, body.error_code], [401, 40101]);
        includes([challenge.slice(0, 6)], 'Bearer');
      },
    },
    {
      name: 'cors-refused',
      async run() {
        const topic = unique('stolen');
        const page = await place.page(evil);
        equal(await page.run(post(place.url, topic)), 'TypeError');
        const producer = `${wsOf(place.url)}/ws/producer/${topic}`;
        const protocols = ['kafka.json.v1', `bearer.${token}`];
        equal(await page.run(socketState(producer, protocols)), 'refused');
        await page.run(listen(`${place.url}/sse/${topic}`));
        await page.run(until('states.length > 0'));
        equal(await page.run('source.readyState'), 2);
        equal((await topics(place.url)).includes(topic), false);
      },
    },
    {
      name: 'open-on-loopback',
      timeoutMs: 90_000,
      async run() {
        const kedge = await Kedge.start();
        const { port } = new URL(kedge.url);
        const chromium = await Chromium.start({
          'evil.example': place.pages,
          'rebound.example': `127.0.0.1:${port}`,
        });
        try {
          const page = await chromium.open(`${evil}/`);
          equal(await page.run(attacks(kedge.url)), 'done');
          equal(await page.run(socketState(`${wsOf(kedge.url)}/ws/producer/socket`)), 'refused');
          const own = await chromium.open('http://rebound.example/healthz');
          includes([(await own.run('document.body.innerText')).includes('KEDGE_HOSTS')], true);
          equal(await own.run(post('', 'rebound')), [403, null]);
          equal(await topics(kedge.url), []);
          const local = await chromium.open(`${kedge.url}/healthz`);
          equal(await local.run(post('', 'local')), [200, 1]);
          equal(await topics(kedge.url), ['local']);
        } finally {
          await chromium.close();
          await kedge.close();
        }
      },
    },
  ];
}

async function servePages(): Promise<Server> {
  const bundle = await build({
    stdin: {
      contents: `export * from '@microsoft/fetch-event-source';
        export * as kedge from 'kedge/client';`,
      resolveDir: '.',
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'library',
  });
  const html = `<!doctype html><title>page</title><body><script>${bundle.outputFiles[0]!.text}</script>`;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function run(context: SuiteContext): Promise<void> {
  const { url } = context.broker;
  if (url === null) throw new Error('this broker has no HTTP');
  const server = await servePages();
  const pages = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const chromium = await Chromium.start({ 'app.example': pages, 'evil.example': pages });
  const place: Place = { url, pages, page: (origin) => chromium.open(`${origin}/`) };
  try {
    await runCases([...streaming(place), ...sdk(place), ...keepingApart(place)], context);
  } finally {
    await chromium.close();
    server.closeAllConnections();
    server.close();
  }
}

export const suite: Suite = {
  name: 'browser',
  settings: {
    KEDGE_TOKEN: token,
    KEDGE_URL_TOKENS: 'true',
    KEDGE_CORS_ORIGINS: `${app},http://feed.example`,
  },
  debianPackages: [{ name: 'chromium', unless: 'chromium' }],
  install: async () => {},
  version: () => Chromium.version(),
  run,
};
