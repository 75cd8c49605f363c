/**
 * Deletes the first records of a topic now and then. The surprise: it may delete all there is, and
 * what transactions have not decided yet.
 */
import { deleteRecords } from '../../../src/protocol/apis/delete-records.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Client, partitionName } from './client.ts';
import { placeOfLog } from './fetching.ts';

export class Trimmer extends Client {
  async live(): Promise<void> {
    const topic = this.around.topics.find(({ trimmed }) => trimmed)!;
    while (!this.around.isWindingDown()) {
      await this.sleep(this.random.delay(3_000));
      const index = this.random.between(0, topic.partitions - 1);
      const earliest = await placeOfLog(this, topic, index, -2);
      const latest = await placeOfLog(this, topic, index, -1);
      if (earliest === undefined || latest === undefined || latest < earliest) continue;
      const isAll = this.random.chance(0.2);
      await this.#trim(topic.name, index, isAll ? -1 : this.random.between(earliest, latest));
    }
  }

  async #trim(name: string, partitionIndex: number, offset: number): Promise<void> {
    const partition = partitionName(name, partitionIndex);
    const trimmed = (to: number) => ({ kind: 'trimmed', partition, offset: to }) as const;
    const wanted = trimmed(offset < 0 ? Number.POSITIVE_INFINITY : offset);
    const end = this.around.recorder.begin({ process: this.process }, [wanted]);
    const partitions = [{ partitionIndex, offset }];
    const answer = await this.ask(deleteRecords, this.random.between(0, 2), {
      topics: [{ name, partitions }],
      timeoutMs: 30_000,
    });
    const done = answer?.topics[0].partitions[0];
    if (done?.errorCode === ErrorCode.NONE) end('ok', [trimmed(done.lowWatermark)]);
  }
}
