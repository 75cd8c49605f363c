/**
 * A transactional client that reads and writes in one transaction, anywhere. The surprise: what it
 * reads has no part in the transaction; it is there to see that nobody reads what is not committed,
 * the transaction itself included.
 */
import { Client, Crashed, type Surroundings } from './client.ts';
import {
  type FetchStyle,
  fetchRecords,
  fetchStyle,
  firstFetchById,
  Positions,
} from './fetching.ts';
import type { OpenTransaction } from './recorder.ts';
import { Fenced, MustAbort, Transactor } from './transactor.ts';

export class Mixer extends Client {
  readonly #transactor: Transactor;
  readonly #positions = new Positions();
  readonly #style: FetchStyle;

  constructor(around: Surroundings, process: string, transactionalId: string) {
    super(around, process);
    this.#transactor = new Transactor(this, transactionalId);
    this.#style = { ...fetchStyle(this, firstFetchById - 1), maxWaitMs: 100, committed: true };
    for (const topic of this.#topics) {
      for (let index = 0; index < topic.partitions; index++) {
        this.#positions.set({ topic, index, topicId: undefined, offset: 0 });
      }
    }
  }

  get #topics() {
    return this.around.topics.filter(({ fleeting }) => !fleeting);
  }

  async live(): Promise<void> {
    try {
      await this.#transactor.start();
      while (!this.around.isWindingDown()) {
        await this.#transact();
        await this.sleep(this.random.delay(200));
      }
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
      this.world.count(`fenced: ${error.message}`);
    }
  }

  async #transact(): Promise<void> {
    const transaction = this.around.recorder.open({ process: this.process });
    this.#transactor.begin(transaction);
    try {
      for (let i = this.random.between(1, 4); i > 0; i--) {
        if (this.random.chance(0.6)) await this.#write();
        else await this.#read(transaction);
      }
      if (this.random.chance(0.03)) await this.sleep(this.#transactor.timeoutMs * 1.3);
      await this.#transactor.end(this.random.chance(0.75));
    } catch (error) {
      if (error instanceof Crashed || !(error instanceof MustAbort)) throw error;
      this.world.count(`aborts: ${error.message}`);
      await this.#transactor.end(false);
      await this.#transactor.start();
    }
  }

  async #write(): Promise<void> {
    const places = new Map(
      Array.from({ length: this.random.between(1, 3) }, () => {
        const topic = this.random.pick(this.around.topics);
        const index = this.random.between(0, topic.partitions - 1);
        return [`${topic.name}-${index}`, { topic, index }] as const;
      }),
    );
    const batches = () =>
      Array.from({ length: this.random.between(1, this.random.pick([1, 7])) }, () =>
        Array.from({ length: this.random.between(1, 3) }, () => {
          return { value: this.around.newValue() };
        }),
      );
    const sent = [...places.values()].map((place) => this.#transactor.send(place, batches()));
    for (const one of await Promise.allSettled(sent)) {
      if (one.status === 'rejected') throw one.reason;
    }
  }

  async #read(transaction: OpenTransaction): Promise<void> {
    const records = await fetchRecords(this, this.#positions, this.#style);
    if (records === undefined) return;
    const at = this.world.time.now;
    transaction.add({ kind: 'poll', records, positions: this.#positions.asRecord(), at });
  }
}
