/**
 * A Worker that writes each order it is sent to Kedge, by a service binding: no network in between,
 * and no secret. The surprise: the answer waits until the order is on disk, and no longer.
 */
import { json, type KedgeBinding, Producer, text } from 'kedge/client';

interface Env {
  readonly KEDGE: KedgeBinding;
}

interface Order {
  readonly customer: string;
  readonly item: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== 'POST') return new Response('POST an order.\n', { status: 405 });
    const order: Order = await request.json();
    await using producer = new Producer(env.KEDGE, { key: text, value: json<Order>() });
    // Orders of one customer stay in order: one key, one partition.
    const { partition, offset } = await producer.send('orders', {
      key: order.customer,
      value: order,
    });
    return Response.json({ partition, offset }, { status: 201 });
  },
};
