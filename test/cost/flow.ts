/** What it costs to have records delivered as they come: a group of consumers waits for them. */
import { Random } from '../simulation/world/random.ts';
import { VirtualTime } from '../simulation/world/virtual-time.ts';
import { Consumer, createTopic, Surroundings } from './consumers.ts';
import { confirmMs, meterOf, Producers } from './life.ts';
import type { Counts } from './prices.ts';
import type { Shape } from './shapes.ts';

export interface FlowShape extends Omit<Shape, 'requests' | 'producers' | 'inFlight'> {
  readonly members: number;
  readonly everyMs: number;
}

export interface Flow {
  readonly shape: FlowShape;
  readonly records: number;
  /** Producing among it. */
  readonly counts: Counts;
  readonly read: number;
}

const settlingMs = 60_000;
const countedMs = 2 * 60_000;

export const flows: readonly FlowShape[] = [
  {
    title: '100 B, one by one, 100 a second, one reader',
    recordBytes: 100,
    batchRecords: 1,
    partitions: 1,
    members: 1,
    everyMs: 10,
  },
  {
    title: '1 KB, in batches of 16, 1,000 a second, a group of 4 on 16 partitions',
    recordBytes: 1_000,
    batchRecords: 16,
    partitions: 16,
    members: 4,
    everyMs: 16,
  },
];

export async function flow(shape: FlowShape): Promise<Flow> {
  const random = new Random(1);
  const time = new VirtualTime(random.fork('time'));
  return time.run(async () => {
    const around = new Surroundings(Date.now() + settlingMs + countedMs, confirmMs);
    const topicId = await createTopic(around, shape.partitions);
    const { members, partitions, everyMs } = shape;
    const consumers = Array.from({ length: members }, (_, member) => {
      const own = Array.from({ length: partitions }, (_, i) => i);
      const read = own.filter((partition) => partition % members === member);
      return new Consumer(around, 'consumer', topicId, read);
    });
    const lives = consumers.map((consumer) => consumer.live());
    const requests = countedMs / everyMs;
    const clients = { producers: 1, inFlight: 1, requests };
    const producers = new Producers(around, { ...shape, ...clients }, random.fork('ways'));
    await producers.send(settlingMs / everyMs / 2);
    await time.sleep(settlingMs / 2 - 1_000);
    const counted = meterOf(around);
    const { records } = producers;
    await producers.send(requests);
    const counts = counted();
    await Promise.all(lives);
    producers.close();
    around.objects.close();
    const read = consumers.reduce((sum, consumer) => sum + consumer.read, 0);
    return { shape, records: producers.records - records, counts, read };
  });
}
