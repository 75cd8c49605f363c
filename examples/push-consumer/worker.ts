/**
 * A Worker that orders are pushed to: Kedge calls it with up to ten at a time, those of one
 * partition one batch after the other. The surprise: there is nothing to poll and nothing to
 * commit; what returns is taken, what throws comes again.
 */
import { consumer } from 'kedge/push';

interface Env {
  /** Where the kitchen hears of orders. */
  readonly KITCHEN: string;
}

interface Order {
  readonly customer: string;
  readonly item: string;
}

export const Orders = consumer<Env, Order>({
  async consume(batch, env) {
    for (const { body, attempts, ack } of batch.messages) {
      const response = await fetch(env.KITCHEN, {
        method: 'POST',
        body: `${body.item} for ${body.customer}, attempt ${attempts}`,
      });
      // This one, and what comes after it, comes again; after three more attempts it is a dead
      // letter, in the topic orders.dlq.
      if (!response.ok) throw new Error(`the kitchen answered ${response.status}`);
      ack();
    }
  },
});

export default {
  fetch: () => new Response('Orders are pushed to me.\n'),
};
