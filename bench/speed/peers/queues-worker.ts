/**
 * Cloudflare Queues as a Worker uses it: records come in over HTTP and go to a queue, and the
 * consumer acknowledges them. The body is the one that Kedge's HTTP door takes, and so is the shape
 * of the answer, so that what asks need not know whom. The surprise: a consumer that has an address
 * in its records tells it what came, as a subscription of Kedge's tells a webhook.
 */

interface Env {
  /** Its consumer acknowledges and does nothing else. */
  readonly TAKEN: Queue<unknown>;
  /** Its consumer tells who is named in the records. */
  readonly TOLD: Queue<unknown>;
}

interface Told {
  /** Where the consumer sends what came. */
  readonly to: string;
}

/** What is said of a record; a queue has neither partitions nor offsets. */
const taken = { partition: 0, offset: 0, error_code: null, error: null };

interface Records {
  readonly records: readonly { readonly value: unknown }[];
}

/** How many messages nobody has acknowledged. */
async function backlogOf({ TAKEN, TOLD }: Env): Promise<number> {
  const [taken, told] = [await TAKEN.metrics(), await TOLD.metrics()];
  return taken.backlogCount + told.backlogCount;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method === 'GET') return Response.json(await backlogOf(env));
    const { records } = await request.json<Records>();
    const queue = new URL(request.url).pathname.endsWith('/told') ? env.TOLD : env.TAKEN;
    if (records.length === 1) await queue.send(records[0].value);
    else await queue.sendBatch(records.map(({ value }) => ({ body: value })));
    return Response.json({ offsets: records.map(() => taken) });
  },

  async queue(batch: MessageBatch<unknown>): Promise<void> {
    if (batch.queue === 'told') {
      const [{ body }] = batch.messages as readonly Message<Told>[];
      const messages = batch.messages.map((message) => ({ body: message.body }));
      await fetch(body.to, { method: 'POST', body: JSON.stringify({ messages }) });
    }
    batch.ackAll();
  },
};
