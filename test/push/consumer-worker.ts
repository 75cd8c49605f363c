/**
 * The other Worker of the tests: it takes what is pushed to it and tells the test, and writes what
 * it is asked to write.
 */

import { json, type KedgeBinding, Producer, text } from '../../src/client/index.ts';
import { consumer } from '../../src/client/push.ts';

interface Env {
  readonly KEDGE: KedgeBinding;
  readonly QUEUE: Queue<unknown>;
  /** Where the test listens. */
  readonly REPORT_TO: string;
}

interface Order {
  readonly number: number;
  readonly isPoison?: boolean;
}

export const Orders = consumer<Env, Order>({
  async consume(batch, env) {
    const seen = batch.messages.map(({ body, key, attempts, partition, offset }) => ({
      number: body.number,
      key,
      attempts,
      partition,
      offset,
    }));
    // Before anything is acknowledged: what the test has not heard of comes again.
    await fetch(env.REPORT_TO, { method: 'POST', body: JSON.stringify(seen) });
    for (const message of batch.messages) if (message.body.isPoison) message.retry();
  },
});

/** As it was written for Cloudflare Queues. */
const queueWorker = {
  async queue(batch: MessageBatch<unknown>, env: Env): Promise<void> {
    for (const message of batch.messages) {
      const { body, attempts } = message;
      const seen = {
        queue: batch.queue,
        body,
        attempts,
        isDate: message.timestamp instanceof Date,
      };
      await fetch(env.REPORT_TO, { method: 'POST', body: JSON.stringify([seen]) });
      if (body === 'again' && attempts === 1) message.retry({ delaySeconds: 0 });
      else message.ack();
    }
    throw new Error('all of it was acknowledged or retried before');
  },
};

export const Queued = consumer<Env>(queueWorker);

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/queue') {
      const sent = [
        await env.QUEUE.send({ text: 'json' }),
        await env.QUEUE.send('text', { contentType: 'text' }),
        await env.QUEUE.sendBatch([{ body: 'again' }, { body: 'late', delaySeconds: 1 }]),
      ];
      return Response.json({ sent, metrics: await env.QUEUE.metrics() });
    }
    const count = Number(searchParams.get('count'));
    const poison = Number(searchParams.get('poison'));
    const first = Number(searchParams.get('first') ?? 0);
    await using producer = new Producer(env.KEDGE, { key: text, value: json<Order>() });
    await producer.send(
      'orders',
      Array.from({ length: count }, (_, index) => {
        const number = first + index;
        const value = number === poison ? { number, isPoison: true } : { number };
        return { key: `k${number % 50}`, value };
      }),
    );
    return new Response('sent');
  },
};
