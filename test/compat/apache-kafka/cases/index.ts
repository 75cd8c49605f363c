/** All scripts. */
import type { Script } from '../player.ts';
import { clusterScripts } from './cluster.ts';
import { configScripts } from './configs.ts';
import { deleteRecordsScripts } from './delete-records.ts';
import { fetchScripts } from './fetch.ts';
import { groupScripts } from './groups.ts';
import { idempotenceScripts } from './idempotence.ts';
import { interferenceScripts } from './interference.ts';
import { isolationScripts } from './isolation.ts';
import { listOffsetsScripts } from './list-offsets.ts';
import { offsetScripts } from './offsets.ts';
import { produceScripts } from './produce.ts';
import { producerIdScripts } from './producer-ids.ts';
import { topicScripts } from './topics.ts';
import { transactionScripts } from './transactions.ts';

export const allScripts: readonly Script[] = [
  ...produceScripts,
  ...idempotenceScripts,
  ...fetchScripts,
  ...listOffsetsScripts,
  ...deleteRecordsScripts,
  ...topicScripts,
  ...configScripts,
  ...producerIdScripts,
  ...transactionScripts,
  ...isolationScripts,
  ...interferenceScripts,
  ...offsetScripts,
  ...clusterScripts,
  ...groupScripts,
];
