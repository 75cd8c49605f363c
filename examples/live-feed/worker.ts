/**
 * A page that shows the orders as they come, straight from Kedge: this Worker only hands out the
 * page, and the address of its stream. The surprise: the token in that address opens this one
 * topic, to be read, for a minute; the secret that it was made with never leaves the Worker.
 */
import page from './page.html';

interface Env {
  /** Where Kedge is. Its KEDGE_CORS_ORIGINS lists this page, and its KEDGE_URL_TOKENS is true. */
  readonly KEDGE_URL: string;
  /** A secret: a token of somebody who may read the topic. */
  readonly KEDGE_TOKEN: string;
}

const topic = 'orders';

export default {
  async fetch(request: Request, { KEDGE_URL, KEDGE_TOKEN }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/') {
      return new Response(page, { headers: { 'content-type': 'text/html; charset=utf-8' } });
    }
    if (pathname !== '/feed') return new Response('There is nothing here.\n', { status: 404 });
    const response = await fetch(`${KEDGE_URL}/admin/stream-tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEDGE_TOKEN}` },
      body: JSON.stringify({ topics: [topic], expires_in_ms: 60_000 }),
    });
    if (!response.ok) return new Response('Kedge gave no token.\n', { status: 502 });
    const { token } = await response.json<{ token: string }>();
    return Response.json({ url: `${KEDGE_URL}/sse/${topic}?value=json&token=${token}` });
  },
};
