/** The page itself is opened in a browser by test/compat/browser. */
import { EventSource } from 'eventsource';
import { expect, it } from 'vitest';
import { spawnKedge } from '../kedge-process.ts';
import { startLiveFeed } from './live-feed.ts';

const token = 'secret-of-the-owner';
const json = 'application/vnd.kafka.json.v2+json';

it('examples/live-feed hands out a page, and an address at which its topic is read', async () => {
  await using kedge = await spawnKedge({ env: { KEDGE_TOKEN: token, KEDGE_URL_TOKENS: 'true' } });
  const produce = (item: string) =>
    fetch(`${kedge.url}/rest/topics/orders`, {
      method: 'POST',
      headers: { 'content-type': json, authorization: `Bearer ${token}` },
      body: JSON.stringify({ records: [{ value: { item } }] }),
    });
  await produce('milk');
  const feed = await startLiveFeed(kedge.url, token);
  try {
    const page = await fetch(feed.url);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('new EventSource(');
    const answer = await (await fetch(`${feed.url}/feed`)).text();
    expect(answer).not.toContain(token);
    const source = new EventSource(JSON.parse(answer).url);
    await new Promise((resolve) => source.addEventListener('open', resolve));
    const seen = new Promise((resolve) => source.addEventListener('message', resolve));
    await produce('tea');
    expect(JSON.parse(((await seen) as MessageEvent).data).value).toEqual({ item: 'tea' });
    source.close();
    expect((await fetch(`${feed.url}/else`)).status).toBe(404);
  } finally {
    await feed.stop();
  }
  const stranger = await startLiveFeed(kedge.url, 'guess');
  expect((await fetch(`${stranger.url}/feed`)).status).toBe(502);
  await stranger.stop();
});
