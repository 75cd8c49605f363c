/**
 * Takes an order and writes it to Kedge over HTTPS, with what every platform has: `Request` in,
 * `Response` out, `fetch` in between. The surprise: there is nothing to connect and nothing to keep
 * open, so it suits a function that lives for one request.
 */
import { json, KafkaError, Producer, text } from 'kedge/client';

/** Where Kedge is, and what to show there. */
export interface Settings {
  readonly KEDGE_URL: string;
  readonly KEDGE_TOKEN?: string;
}

interface Order {
  readonly customer: string;
  readonly item: string;
}

export async function takeOrder(request: Request, settings: Settings): Promise<Response> {
  if (request.method !== 'POST') return new Response('POST an order.\n', { status: 405 });
  const order: Order = await request.json();
  await using producer = new Producer(settings.KEDGE_URL, {
    token: settings.KEDGE_TOKEN,
    key: text,
    value: json<Order>(),
    // A caller waits: better to say no than to try for two minutes.
    deliveryTimeoutMs: 5_000,
  });
  try {
    const { partition, offset } = await producer.send(
      'orders',
      { key: order.customer, value: order },
      { signal: request.signal },
    );
    return Response.json({ partition, offset }, { status: 201 });
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    const { name, retriable } = error;
    return Response.json({ error: name }, { status: retriable ? 503 : 500 });
  }
}
