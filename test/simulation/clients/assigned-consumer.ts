/**
 * A consumer that assigned its partitions itself and reads them from the beginning. The surprise:
 * at the end of the world it is also the one who reads everything, to see what is missing.
 */
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Client, partitionName } from './client.ts';
import { fetchRecords, fetchStyle, Positions } from './fetching.ts';

export class AssignedConsumer extends Client {
  readonly #positions = new Positions();

  async live(): Promise<void> {
    this.#assign(this.random.chance(0.5));
    const style = fetchStyle(this);
    while (!this.around.isWindingDown()) {
      await this.#poll(style);
      await this.sleep(this.random.delay(30));
    }
  }

  /** Reads until the end of every partition, as the partitions themselves tell it. */
  async readEverything(): Promise<void> {
    this.#assign(true);
    const ends = await this.#ends();
    const isDone = () => [...ends].every(([name, end]) => (this.#positions.get(name) ?? 0) >= end);
    for (let polls = 0; !isDone(); polls++) {
      if (polls > 10_000) throw new Error('the final reader does not come to the end');
      await this.#poll({ version: 12, maxWaitMs: 500, partitionMaxBytes: 1_048_576 });
    }
  }

  #assign(everything: boolean): void {
    for (const { name, partitions } of this.around.topics) {
      for (let index = 0; index < partitions; index++) {
        if (everything || this.random.chance(0.5)) this.#positions.set(name, index, 0);
      }
    }
  }

  async #poll(style: Parameters<typeof fetchRecords>[2]): Promise<void> {
    const end = this.around.recorder.begin({ process: this.process });
    const records = await fetchRecords(this, this.#positions, style);
    if (records === undefined) return end('fail');
    end('ok', [{ kind: 'poll', records, positions: this.#positions.asRecord() }]);
  }

  async #ends(): Promise<Map<string, number>> {
    const topics = this.around.topics.map(({ name, partitions }) => ({
      name,
      partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        currentLeaderEpoch: -1,
        timestamp: -1,
      })),
    }));
    for (;;) {
      const answer = await this.ask(listOffsets, 5, { replicaId: -1, topics });
      const all = answer?.topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => ({ name: partitionName(name, one.partitionIndex), ...one })),
      );
      if (all?.every(({ errorCode }) => errorCode === ErrorCode.NONE)) {
        return new Map(all.map(({ name, offset }) => [name, offset]));
      }
      await this.sleep(100);
    }
  }
}
