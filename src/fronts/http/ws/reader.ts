/**
 * `/ws/reader/{topic}`: records out, from wherever the client says, with no group. The surprise: it
 * need not ack anything; how fast it takes frames is all that slows its stream, unless it wants to
 * ask for each record (`pullMode`).
 */
import { httpErrorOf } from '../errors.ts';
import type { Kafka } from '../kafka.ts';
import type { Effort } from '../live/effort.ts';
import { grownPlaces, type Wish } from '../live/places.ts';
import type { Tail } from '../live/tail.ts';
import { obey } from './commands.ts';
import { Flow, type FlowOptions, lengthOf, type ShownRecord } from './flow.ts';
import { closeCode, type Line } from './line.ts';

export interface ReaderOptions extends FlowOptions {
  readonly kafka: Kafka;
  readonly wish: Wish;
  readonly tail: Tail<ShownRecord>;
  /** What was read of it already. */
  readonly records: readonly ShownRecord[];
  readonly effort: Effort;
}

/** How long one look at the partitions may wait for records. */
const lookMs = 15_000;

/** Until the client has closed, or has to come again. */
export async function serveReader(line: Line, options: ReaderOptions): Promise<void> {
  const { kafka, wish, tail, effort } = options;
  const flow = new Flow(line, options);
  flow.fill(options.records);
  void obey(line, wish.topics, (command) => {
    if (command.type === 'permit') flow.permit(command.permitMessages);
  });
  try {
    while (!line.isClosed) {
      if (effort.isSpent) return line.close(closeCode.comeAgain, 'come again');
      await flow.pour(Number.POSITIVE_INFINITY);
      if (!flow.isEmpty || flow.permits === 0) {
        await flow.rest(lookMs);
        continue;
      }
      tail.add(await grownPlaces(kafka, wish, tail.places));
      const { records } = await tail.next(lookMs);
      flow.fill(records);
      if (records.length > 0) effort.add(lengthOf(records));
    }
  } catch (error) {
    await endWith(line, error);
  }
}

/** Says why, and closes. A client that is gone is told nothing. */
export async function endWith(line: Line, error: unknown): Promise<void> {
  if (line.isClosed) return;
  await line.complain(httpErrorOf(error));
  line.close(closeCode.failed, 'see the last frame');
}
