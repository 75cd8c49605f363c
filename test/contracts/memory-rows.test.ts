import { memoryRows } from '../../src/runtime/rows.ts';
import { describeRows } from './rows.ts';

describeRows('memory', async (test) => {
  const rows = memoryRows();
  test(() => rows);
});
