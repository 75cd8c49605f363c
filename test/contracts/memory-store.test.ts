import { MemoryStore } from '../../src/runtime/memory-store.ts';
import { describeLogStore } from './log-store.ts';

describeLogStore('MemoryStore', async (test) => {
  const store = new MemoryStore();
  test(() => store);
});
