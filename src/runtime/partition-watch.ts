/**
 * What a partition announces: where its log ends, after every flush, and which share group may find
 * records. The surprise: the records themselves are enclosed while they are few, so that who waits
 * at the end need not ask for them.
 */
import type { Announced, PartitionWatch, Watch } from './stubs.ts';

/** The partition was dropped: there will be nothing more to watch. */
export const droppedCloseCode = 4404;

/** Behind the first number: the stream was closed there. */
const closedMark = '!';

/**
 * What a partition says to its watchers: the second number only where it is another one, or where
 * the share group follows it that may find records.
 */
export function announcementOf(announced: Announced): string {
  const { highWatermark, lastStableOffset, closed, groupId } = announced;
  const end = closed ? `${highWatermark}${closedMark}` : `${highWatermark}`;
  if (groupId !== undefined) return `${end} ${lastStableOffset} ${groupId}`;
  return highWatermark === lastStableOffset ? end : `${end} ${lastStableOffset}`;
}

export function parseAnnouncement(text: string): Announced {
  const [end, second, ...rest] = text.split(' ');
  const closed = end.endsWith(closedMark);
  const highWatermark = Number(closed ? end.slice(0, -closedMark.length) : end);
  const lastStableOffset = second === undefined ? highWatermark : Number(second);
  const ends = { highWatermark, lastStableOffset, ...(closed && { closed }) };
  return rest.length === 0 ? ends : { ...ends, groupId: rest.join(' ') };
}

/** What whoever watches asks for, to have records enclosed; and the tag of such a line. */
export const withRecords = 'records';

/** What was appended is enclosed up to this size: as much as a batch of Kafka's producer has. */
const mostEnclosed = 16 * 1024;
/** So much a second: what a slow line has not taken yet lies in the memory of the object. */
const enclosedPerSecond = 1024 * 1024;

/** Which records a partition encloses, so that who waits at its end need not ask for them. */
export class Enclosures {
  readonly #now: () => number;
  #second = 0;
  #bytes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** These, or none of them. */
  of(records: readonly Uint8Array[]): readonly Uint8Array[] {
    const size = records.reduce((sum, { length }) => sum + length, 0);
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) this.#bytes = 0;
    this.#second = second;
    if (size > mostEnclosed || this.#bytes + size > enclosedPerSecond) return [];
    this.#bytes += size;
    return records;
  }
}

/** A watch whose announcements are a partition's. */
export function partitionWatch(watch: Watch): PartitionWatch {
  let latest = parseAnnouncement(watch.said);
  const shared = new Map<string, number>();
  // Of groups that nobody asks for here nothing is kept: there may be any number of them.
  const sharedTimes = (groupId: string): number => {
    if (!shared.has(groupId)) shared.set(groupId, 0);
    return shared.get(groupId)!;
  };
  watch.listen(() => {
    if (!watch.open) return;
    latest = parseAnnouncement(watch.said);
    const { groupId } = latest;
    if (groupId !== undefined && shared.has(groupId)) {
      shared.set(groupId, sharedTimes(groupId) + 1);
    }
  });
  return {
    get highWatermark() {
      return latest.highWatermark;
    },
    get lastStableOffset() {
      return latest.lastStableOffset;
    },
    get closed() {
      return latest.closed;
    },
    get groupId() {
      return latest.groupId;
    },
    get enclosed() {
      return watch.enclosed;
    },
    saidFirst: watch.saidFirst,
    get said() {
      return watch.said;
    },
    get open() {
      return watch.open;
    },
    sharedTimes,
    listen: (listener) => watch.listen(listener),
    prove: () => watch.prove(),
    close: () => watch.close(),
  };
}
