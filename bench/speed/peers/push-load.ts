/**
 * Records that go in over HTTP and come out by themselves, at a webhook: the load on a queue and on
 * a subscription of Kedge's, in a process of its own (a PushJob in, a Report out). The surprise: it
 * is both ends, so one clock says when a record was sent and when it was there.
 */
import { EventEmitter, once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Values } from '../../load/values.ts';
import { untilSilent, Window } from '../../load/window.ts';
import type { PushJob } from './push-job.ts';

const host = '127.0.0.1';
/** What a subscription signs with, since it has to. */
const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
const agent = new Agent({ keepAlive: true });

/** Settles when it is taken. */
async function send(method: string, url: string, contentType: string, body: string) {
  const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  const asking = request(url, { method, agent, headers });
  asking.end(body);
  const [response] = await once(asking, 'response');
  const said = await text(response);
  if (response.statusCode >= 300) throw new Error(`${url} answered ${response.statusCode} ${said}`);
}

/** A webhook. Emits `pushed` for each batch; what comes again, as it may, is not counted again. */
class Webhook extends EventEmitter {
  readonly #came = new Set<number>();
  readonly #onRecord: (number: number) => void;
  readonly #server = createServer(async (asked, response) => {
    // What a subscription sends, and what the queue's consumer makes of what it gets.
    const { messages } = JSON.parse(await text(asked));
    for (const { body } of messages) this.#take(body.number);
    response.writeHead(204).end();
    this.emit('pushed');
  });

  constructor(onRecord: (number: number) => void) {
    super();
    this.#onRecord = onRecord;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    return `http://${host}:${(this.#server.address() as AddressInfo).port}/`;
  }

  get count(): number {
    return this.#came.size;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take(number: number): void {
    if (this.#came.has(number)) return;
    this.#came.add(number);
    this.#onRecord(number);
  }
}

class Load {
  readonly #job: PushJob;
  readonly #window: Window;
  readonly #values: Values;
  readonly #webhook: Webhook;
  readonly #sentAt: number[] = [];
  #to = '';

  constructor(job: PushJob) {
    this.#job = job;
    this.#window = new Window({ ...job, ...unused });
    this.#values = new Values(job.recordBytes);
    this.#webhook = new Webhook((number) => {
      const now = performance.now();
      this.#window.count(now, 1, job.recordBytes, now - this.#sentAt[number]);
    });
  }

  async run(): Promise<void> {
    this.#to = await this.#webhook.listen();
    await this.#subscribe();
    // The first one finds its way while nothing is measured.
    await Promise.all([once(this.#webhook, 'pushed'), this.#send()]);
    this.#window.open();
    const all = Array.from({ length: this.#job.connections }, () => this.#sendOn());
    await untilSilent(this.#window, Promise.all(all));
    console.log(JSON.stringify(this.#window.report()));
    this.#webhook.close();
    agent.destroy();
  }

  /** As the queue's consumer is set: 100 records a batch, none waits for others. */
  async #subscribe(): Promise<void> {
    const { subscription } = this.#job;
    if (subscription === undefined) return;
    const wanted = {
      topics: [subscription.topic],
      target: { type: 'webhook', url: this.#to, secrets: [secret] },
      max_batch_size: 100,
      max_batch_timeout_ms: 0,
    };
    await send('PUT', subscription.url, 'application/json', JSON.stringify(wanted));
  }

  async #sendOn(): Promise<void> {
    const { everyMs, recordsPerRequest, recordsUnderWay } = this.#job;
    while (!this.#window.isOver) {
      const underWay = this.#sentAt.length - this.#webhook.count;
      const isTooMuch = underWay + recordsPerRequest > recordsUnderWay;
      if (this.#window.isFull || isTooMuch) await once(this.#webhook, 'pushed');
      else await this.#send();
      if (everyMs > 0) await delay(everyMs);
    }
  }

  async #send(): Promise<void> {
    const { recordsPerRequest, url, contentType } = this.#job;
    const records = Array.from({ length: recordsPerRequest }, () => {
      const number = this.#sentAt.push(performance.now()) - 1;
      return { value: { number, to: this.#to, text: `${Buffer.from(this.#values.next())}` } };
    });
    this.#window.start(recordsPerRequest);
    await send('POST', url, contentType, JSON.stringify({ records }));
  }
}

/** What a window does not look at. */
const unused = { host, port: 0, dialect: 'kafka', topic: '', partitions: 1 } as const;

const [line] = await once(createInterface(process.stdin), 'line');
await new Load(JSON.parse(line)).run();
process.stdin.destroy();
