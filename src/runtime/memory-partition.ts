/**
 * A partition without a Durable Object: the same host and log over a memory store, for tests and
 * the simulation. The surprise: group commit works as in an object, since what counts as durable is
 * up to the caller.
 */
import type { LogSettings } from '../core/log/partition-log.ts';
import { ioTurn } from './io-turn.ts';
import { MemoryStore } from './memory-store.ts';
import { PartitionHost, type PartitionSurroundings } from './partition-host.ts';
import { announcementOf, Enclosures, partitionWatch } from './partition-watch.ts';
import type { PartitionStub } from './stubs.ts';
import { closedWatch, MemoryWatches } from './watch.ts';

export interface MemoryPartitionOptions {
  readonly settings: LogSettings;
  readonly now: () => number;
  /** Hand in the store to keep the log when the partition restarts. */
  readonly store?: MemoryStore;
  /** Hand these in, too, to keep who watches. */
  readonly watches?: MemoryWatches;
  readonly durable?: () => Promise<void>;
  /** Asks a coordinator; without it there are no transactions. */
  readonly enlist?: PartitionSurroundings['enlist'];
  /** Wakes who waits for the log to grow; without it there is nobody. */
  readonly wake?: PartitionSurroundings['wake'];
  /** Asks for `ring` to be called then; without it nothing is ever cleaned up by itself. */
  readonly setAlarm?: (at: number) => void;
  /** When it will ring; null: it is not set. */
  readonly alarm?: () => number | null;
  /** Has a topic deleted; without it none is. */
  readonly deleteTopic?: PartitionSurroundings['deleteTopic'];
}

export interface MemoryPartition extends PartitionStub {
  /** What the alarm does. */
  ring(): Promise<void>;
}

export function memoryPartition(options: MemoryPartitionOptions): MemoryPartition {
  const { settings, now, store = new MemoryStore(), durable = async () => {} } = options;
  const { setAlarm = () => {}, alarm = () => null, enlist = noCoordinator } = options;
  const { watches = new MemoryWatches(), deleteTopic = async () => {} } = options;
  const enclosures = new Enclosures(now);
  const { wake = async () => ({ above: null }) } = options;
  const host = new PartitionHost({
    store: () => store,
    settings,
    now,
    durable,
    announce: (ends, records) => {
      const enclosed = enclosures.of(records).map((piece) => piece.slice());
      watches.announce(announcementOf(ends), enclosed);
    },
    enlist,
    wake,
    dropped: () => watches.closeAll(),
    deleteTopic,
    alarm: async () => alarm(),
    setAlarm,
    pause: ioTurn,
  });
  return {
    call: (kind, command) => host.call(kind, command),
    ring: () => host.ring(),
    watch: async (withRecords) =>
      partitionWatch(
        store.dropped ? closedWatch() : watches.open(announcementOf(host.ends), withRecords),
      ),
  };
}

async function noCoordinator(): Promise<never> {
  throw new Error('there is no coordinator');
}
