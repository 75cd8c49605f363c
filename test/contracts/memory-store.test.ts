import { MemoryStore } from '../../src/runtime/memory-store.ts';
import { describeLogStore, type WithStore } from './log-store.ts';
import { describePartitionCleanup } from './partition-cleanup.ts';
import { describePartitionLog } from './partition-log.ts';
import { describeTransactions } from './transactions.ts';

const withStore: WithStore = async (test) => {
  const store = new MemoryStore();
  test(() => store);
};

describeLogStore('MemoryStore', withStore);
describePartitionLog('MemoryStore', withStore, { seeds: [1, 2, 3, 4, 5, 6, 7, 8], steps: 250 });

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
describePartitionCleanup('MemoryStore', withStore, { seeds, steps: 300 });
describeTransactions('MemoryStore', withStore, { seeds, steps: 300 });
