/**
 * The producer ids one isolate may hand out: blocks from the controller, as plain data that every
 * connection shares. The surprise: two requests that find it empty at the same time both fetch a
 * block, and both blocks are used; awaiting the other's promise is not allowed across requests.
 */
import type { ClusterCalls } from '../core/cluster/commands.ts';
import type { Stub } from '../runtime/stubs.ts';

/** As Kafka: the controller is asked once in a thousand producers. */
export const producerIdBlockSize = 1_000;

export class ProducerIds {
  readonly #blocks: { next: number; readonly end: number }[] = [];

  /** An id that nobody else has or will have. */
  async take(controller: Stub<ClusterCalls>): Promise<number> {
    for (;;) {
      const block = this.#blocks[0];
      if (block === undefined) {
        const { firstProducerId, count } = await controller.call('allocateProducerIds', {
          count: producerIdBlockSize,
        });
        this.#blocks.push({ next: firstProducerId, end: firstProducerId + count });
      } else if (block.next < block.end) {
        return block.next++;
      } else {
        this.#blocks.shift();
      }
    }
  }
}
