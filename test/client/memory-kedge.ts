/**
 * A Kedge in plain memory as a transport of the SDK: the real broker, and a line to it that a test
 * may cut before a request or after it was carried out.
 */

import { anonymous } from '../../src/broker/authorizer.ts';
import { clientContext, createGateway, type Gateway } from '../../src/broker/gateway.ts';
import { concat } from '../../src/bytes/writer.ts';
import { type Channel, disconnected, type Transport } from '../../src/client/channel.ts';
import { answerRequest } from '../../src/fronts/kafka/requests.ts';
import { openRequest } from '../../src/protocol/header.ts';
import { decodeRequest } from '../../src/protocol/schema.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';

/** What becomes of a request: it is lost, its answer is lost, or nothing happens to it. */
export type Fate = 'lost' | 'unanswered' | undefined;

export interface Seen {
  readonly api: string;
  // biome-ignore lint/suspicious/noExplicitAny: what was asked is checked by the test itself
  readonly request: any;
}

export class MemoryKedge implements Transport, Disposable {
  readonly address = {};
  readonly objects: MemoryObjects;
  readonly #gateway: Gateway;
  /** Everything that was asked, also what was lost. */
  readonly seen: Seen[] = [];
  /** How many channels were opened. */
  opened = 0;
  fate: (seen: Seen) => Fate = () => undefined;

  constructor(config: Partial<BrokerConfig> = {}) {
    const full = { ...defaultBrokerConfig, ...config };
    this.objects = new MemoryObjects({ config: full });
    this.#gateway = createGateway(this.objects, full, { open: true });
  }

  async open(): Promise<Channel> {
    this.opened++;
    const left = new AbortController();
    const client = clientContext(this.#gateway, {
      principal: anonymous,
      clientHost: '/127.0.0.1',
      dialled: { host: 'kedge.test', port: 9092 },
      signal: left.signal,
    });
    const channel = {
      isOpen: true,
      request: async (chunks: readonly Uint8Array[]) => {
        const frame = concat(chunks).slice();
        const { header, body } = openRequest(frame);
        const request = decodeRequest(header.api!, header.apiVersion, body);
        const seen = { api: header.api!.name, request };
        this.seen.push(seen);
        const fate = this.fate(seen);
        if (fate !== 'lost') {
          const answer = await answerRequest(frame, client);
          if (fate === undefined && answer !== undefined) {
            return answer.length === 0 ? null : concat(answer).slice(4);
          }
        }
        channel.isOpen = false;
        throw disconnected();
      },
      close: () => {
        channel.isOpen = false;
        left.abort();
        client.watches.closeAll();
      },
    };
    return channel;
  }

  /** What was asked of this API. */
  asked(api: string): Seen['request'][] {
    return this.seen.filter((one) => one.api === api).map(({ request }) => request);
  }

  [Symbol.dispose](): void {
    this.objects.close();
  }
}
